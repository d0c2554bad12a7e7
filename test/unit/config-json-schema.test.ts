import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import sample from '../../fixtures/staging.config.ts';
import { configSchema } from '../../src/config/schema/schema.ts';

const file = join(import.meta.dirname, '../../schema/staging.config.schema.json');
const schema: object = JSON.parse(readFileSync(file, 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: false, logger: false });
formats.default(ajv);
const validate = ajv.compile(schema);

/** The sample as a JSON file would say it, with one part replaced. */
const withPart = (part: object): unknown => JSON.parse(JSON.stringify({ ...sample, ...part }));

describe('the JSON Schema of the configuration', () => {
  it('takes the sample, and a line that names the schema', () => {
    expect(validate(withPart({}))).toBe(true);
    expect(validate(withPart({ $schema: './schema.json' }))).toBe(true);
  });

  it.each([
    ['an unknown key', { vercel: { regoin: 'iad1' } }],
    ['a number for a text', { domain: 5 }],
    ['a value that is not offered', { target: 'moon' }],
    ['a prefix without its colon', { upstash: { prefix: 'x' } }],
    ['a check without its marker', { smoke: { checks: [{ kind: 'page', id: 'home', title: 'Home', path: '/' }] } }],
    ['a share above one', { load: { journey: [{ id: 'a', path: '/' }], thresholds: { errorRate: 2 } } }],
  ])('refuses %s, as the tool does', (_what, part) => {
    expect(validate(withPart(part))).toBe(false);
    expect(configSchema.safeParse(withPart(part)).success).toBe(false);
  });
});
