import { describe, expect, it } from 'vitest';
import { forgetFormerKeys } from '../../src/stages/secrets/reseal.ts';
import { setStage } from '../../src/stages/secrets/set.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { fakeSecretFile } from '../fakes/records.ts';
import { stageWorld, stagingSettings } from '../support/stage-world.ts';

const [oldKey, newKey] = ['o'.repeat(43), 'n'.repeat(43)];

function deps(lines: Readonly<Record<string, string>>, fingerprints: Readonly<Record<string, string>> = {}) {
  const ownFile = fakeSecretFile(lines);
  const settings = { ...stagingSettings, production: { ...stagingSettings.production, fingerprints } };
  return { settings, ownFile, pending: fakeSecretFile(), clock: steppingClock(), readSecret: ({ name }: { name: string }) => lines[name] };
}

describe('a state key that another machine rotated', () => {
  it('is set with the former one kept beside it, so that what lies here still opens', async () => {
    const world = deps({ JV_STATE_KEY: oldKey });
    const { run } = stageWorld();

    const { error } = await run(setStage(world, 'JV_STATE_KEY', newKey).steps);

    expect(error).toBeUndefined();
    expect(Object.fromEntries(world.ownFile.values)).toEqual({ JV_STATE_KEY: newKey, JV_STATE_KEY_PREVIOUS: oldKey });
  });

  it('is refused where the process’s environment holds former keys, which would go before those of the file', async () => {
    const world = {
      ...deps({ JV_STATE_KEY: oldKey }),
      readSecret: ({ name }: { name: string }) => (name === 'JV_STATE_KEY' ? oldKey : 'else'),
    };
    const { run } = stageWorld();

    const { error } = await run(setStage(world, 'JV_STATE_KEY', newKey).steps);

    expect(error).toMatchObject({ code: 'SECRET_SET_OUTSIDE', exitCode: 2 });
    expect(world.ownFile.values.get('JV_STATE_KEY')).toBe(oldKey);
  });
});

describe('former state keys after a rotation', () => {
  const lines = { JV_STATE_KEY: newKey, JV_STATE_KEY_PREVIOUS: oldKey };

  it('are forgotten', async () => {
    const world = deps(lines, { STRIPE: `sha256:${'0'.repeat(64)}` });

    await expect(forgetFormerKeys(world)).resolves.toContain('secrets export');
    expect(world.ownFile.values.get('JV_STATE_KEY_PREVIOUS')).toBe('');
  });

  it('stay while the configuration holds fingerprints that only they can tell, and that is said', async () => {
    const world = deps(lines, { STRIPE: `hmac:${'0'.repeat(64)}` });

    await expect(forgetFormerKeys(world)).resolves.toContain('1 of production.fingerprints');
    expect(world.ownFile.values.get('JV_STATE_KEY_PREVIOUS')).toBe(oldKey);
  });
});
