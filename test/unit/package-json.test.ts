import { describe, expect, it } from 'vitest';
import { withScripts } from '../../src/adapters/files/package-json.ts';

describe('package.json', () => {
  it('keeps indentation, line ends and lists in one line where a script is added', () => {
    const text = '{\r\n\t"name": "x",\r\n\t"files": ["a", "b"],\r\n\t"scripts": {\r\n\t\t"build": "next build"\r\n\t}\r\n}';

    const changed = withScripts(text, { seed: 'jv-staging seed' });

    expect(changed).toEqual({ keeps: true, text: text.replace('"next build"', '"next build",\r\n\t\t"seed": "jv-staging seed"') });
    expect(withScripts(changed.text, { seed: 'jv-staging seed' })).toEqual({ ...changed, text: changed.text });
  });

  it('gets scripts where it has none, and says when one is lost', () => {
    expect(JSON.parse(withScripts('{}\n', { seed: 'a' }).text)).toEqual({ scripts: { seed: 'a' } });
    expect(withScripts('{"scripts":{"seed":"old"}}', { seed: 'a' })).toEqual({ keeps: false, text: '{"scripts":{"seed":"a"}}' });
  });

  it.each(['{"name":', '[]', '{ // a comment\n}'])('that is %j is refused', (text) => {
    expect(() => withScripts(text, { seed: 'a' })).toThrow(expect.objectContaining({ code: 'REPOSITORY_FILE_BROKEN' }));
  });
});
