import { expect, it } from 'vitest';
import { openSecrets } from '../../src/config/secrets.ts';
import { readerUrl } from '../../src/wiring/production-url.ts';
import { stagingSettings } from '../support/stage-world.ts';

const database = { kind: 'env', name: 'PROD_DB' } as const;
const context = (target: 'local' | 'cloud', production = { ...stagingSettings.production, database }, environment = {}) => ({
  target,
  envFile: '/project/.env.staging',
  settings: () => ({ ...stagingSettings, production }),
  secrets: openSecrets(undefined, environment),
});

it('reads production by the connection that the configuration names', () => {
  expect(readerUrl(context('cloud', undefined, { PROD_DB: 'postgres://reader@db' }))).toBe('postgres://reader@db');
});

it('says where the connection was looked for', () => {
  const unknown = (seen: string) =>
    expect.objectContaining({ code: 'PRODUCTION_DATABASE_UNKNOWN', exitCode: 3, message: expect.stringContaining(seen) });

  expect(() => readerUrl(context('cloud'))).toThrow(unknown('PROD_DB has no value in the environment or /project/.env.staging.'));
  expect(() => readerUrl(context('local'))).toThrow(
    unknown('PROD_DB has no value in /project/.env.staging, all that `--target local` reads.'),
  );
  expect(() => readerUrl({ ...context('cloud'), settings: () => stagingSettings })).toThrow(unknown('has no `production.database`'));
});
