import { describe, expect, it } from 'vitest';
import type { FlagManifest, Manifest } from '../../../src/core/manifest.ts';
import { fillReadme, readmeParts } from '../../../src/output/readme.ts';

const json: FlagManifest = { name: 'json', type: 'boolean', summary: 'Print one JSON object.' };
const manifest: Manifest = {
  version: '1.0.0',
  commands: {
    smoke: {
      id: 'smoke',
      summary: 'Check that it works.',
      args: {},
      flags: { json, url: { name: 'url', type: 'option', helpValue: 'URL', summary: 'Address.' } },
    },
    'local:start': { id: 'local:start', summary: 'Start | go.', args: {}, flags: { json } },
  },
};

describe('readmeParts', () => {
  it('lists commands, shared flags once, own flags with their command', () => {
    expect(readmeParts(manifest, 'jv-staging')['commands']).toMatchInlineSnapshot(`
      "| Command | What it does |
      | --- | --- |
      | \`jv-staging local start\` | Start \\| go. |
      | \`jv-staging smoke\` | Check that it works. |

      Flags of every command:

      | Flag | Meaning |
      | --- | --- |
      | \`--json\` | Print one JSON object. |

      Flags of \`smoke\`:

      | Flag | Meaning |
      | --- | --- |
      | \`--url URL\` | Address. |"
    `);
  });
});

describe('fillReadme', () => {
  const text = 'Before\n<!-- a -->\nold\n<!-- /a -->\nAfter\n';

  it('replaces what stands between the markers, and only that', () => {
    expect(fillReadme(text, { a: 'new' })).toEqual({ text: 'Before\n<!-- a -->\nnew\n<!-- /a -->\nAfter\n', missing: [] });
  });

  it('changes nothing the second time', () => {
    const once = fillReadme(text, { a: 'new' }).text;

    expect(fillReadme(once, { a: 'new' }).text).toBe(once);
  });

  it('names the markers that are missing', () => {
    expect(fillReadme(text, { a: 'new', b: 'x' }).missing).toEqual(['b']);
    expect(fillReadme('<!-- /a -->\n<!-- a -->', { a: 'new' }).missing).toEqual(['a']);
  });
});
