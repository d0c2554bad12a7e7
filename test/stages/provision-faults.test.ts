import { beforeEach, describe, expect, it } from 'vitest';
import { StagingError } from '../../src/core/errors.ts';
import type { HostingVariable } from '../../src/core/ports/hosting.ts';
import type { StagingSettings, VariableSettings } from '../../src/core/settings.ts';
import { stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

beforeEach(() => {
  world = stageWorld();
});

const made = () => [world.hosting.world.projects.size, world.databases.projects.size, world.caches.databases.size];
const creations = () => takeCalls(world).filter((call) => call.startsWith('create'));
const findings = (error: unknown) => (error instanceof StagingError ? { code: error.code, exitCode: error.exitCode } : error);

/** Returns `ask`, which finds nothing the first `times` times. */
function lagging<Argument extends readonly unknown[], Item>(times: number, ask: (...given: Argument) => Promise<readonly Item[]>) {
  let left = times;
  return async (...given: Argument): Promise<readonly Item[]> => ((left -= 1) >= 0 ? [] : ask(...given));
}

describe('a project that does not come up (fault 25)', () => {
  it('is waited for within a bound, ends with 4, and is gone on with by the next run', async () => {
    const unhealthy = async () => ['db', 'rest'];

    const first = await world.provision({ databases: { ...world.databases, unhealthy } });
    const second = await world.provision();

    expect(first.error).toMatchObject({
      code: 'RESOURCE_NOT_READY',
      exitCode: 4,
      message: 'After 600 s there is still no answer from Supabase (db, rest).',
      fix: expect.stringContaining('goes on waiting'),
    });
    expect(second.error).toBeUndefined();
    expect(made()).toEqual([1, 1, 1]);
  });

  it('is not waited for once Supabase has given it up (INIT_FAILED): 4, and what to do with it', async () => {
    const get = async (ref: string) => ({ ref, name: 'jet-staging', region: 'us-east-1', state: 'failed' as const });

    const { error } = await world.provision({ databases: { ...world.databases, get } });

    expect(error).toMatchObject({ code: 'SUPABASE_PROJECT_FAILED', exitCode: 4, fix: expect.stringMatching(/^Delete project a+ in/) });
    expect(world.clock.waits).toEqual([]);
  });

  it('and whose pooler does not answer although its platform calls it healthy is not ready', async () => {
    const ping = async () => {
      throw new StagingError('vendor', 'DATABASE_UNREACHABLE', 'tenant not found');
    };

    const { error } = await world.provision({ openDatabase: () => ({ ...world.database, ping }) });

    expect(error).toMatchObject({ code: 'RESOURCE_NOT_READY', exitCode: 4, message: expect.stringContaining('DATABASE_UNREACHABLE') });
  });
});

describe('a list that lags behind what was made (fault 26)', () => {
  it('is asked again right after the creation, and nothing is made twice', async () => {
    const databases = { ...world.databases, findByName: lagging(3, world.databases.findByName) };
    const caches = { ...world.caches, findByName: lagging(2, world.caches.findByName) };

    const { error } = await world.provision({ databases, caches });

    expect(error).toBeUndefined();
    expect(made()).toEqual([1, 1, 1]);
  });

  it('and never shows it ends with 4, within a bound', async () => {
    const databases = { ...world.databases, findByName: async () => [] };

    const { error } = await world.provision({ databases });

    expect(findings(error)).toEqual({ code: 'RESOURCE_NOT_FOUND_AFTER_CREATE', exitCode: 4 });
    expect(world.clock.waits.filter((wait) => wait === 1000)).toHaveLength(10);
  });

  it('in a later run is asked again for what the marker names: plan is as wished, and provision makes no second one', async () => {
    await world.provision();
    takeCalls(world);
    const hidden = (times: number) => {
      let left = times;
      const { list } = world.databases.managed;
      const managed = { ...world.databases.managed };
      managed.list = async (question, signal) => ((left -= 1) >= 0 ? { found: [], production: {} } : list(question, signal));
      return { managed: { hosting: world.hosting.managed, databases: managed, caches: world.caches.managed } };
    };

    const { plan } = await world.plan(hidden(4));
    const { error } = await world.provision(hidden(4));

    expect(plan?.items.filter(({ action }) => action !== 'unchanged')).toEqual([]);
    expect(error).toBeUndefined();
    expect(creations()).toEqual([]);
    expect(made()).toEqual([1, 1, 1]);
  });
});

describe('17 of 30 variables refused (fault 28)', () => {
  const names = Array.from({ length: 30 }, (_, at) => `VALUE_${String(at).padStart(2, '0')}`);
  const refused = new Set(names.slice(13));
  const env: Readonly<Record<string, VariableSettings>> = Object.fromEntries(
    names.map((name) => [name, { value: `canary of ${name}`, class: 'public', required: true }]),
  );
  const settings: StagingSettings = { ...stagingSettings, env };

  it('are each named with the reason and without a value, and the next run writes those 17 alone', async () => {
    const { setVariables } = world.hosting.projects;
    const partial = async (id: string, variables: readonly HostingVariable[], signal: AbortSignal) => {
      const written = await setVariables(
        id,
        variables.filter(({ name }) => !refused.has(name)),
        signal,
      );
      const reasons = [...refused].map((name) => `${name} (not allowed)`).join(', ');
      throw new StagingError('vendor', 'VERCEL_VARIABLES_REFUSED', `Vercel refused 17 of 30 variables: ${reasons}.`, { data: { written } });
    };

    const first = await world.provision({ settings, projects: { ...world.hosting.projects, setVariables: partial } });
    const between = await world.plan({ settings });
    const second = await world.provision({ settings });
    const third = await world.provision({ settings });

    expect(findings(first.error)).toEqual({ code: 'VERCEL_VARIABLES_REFUSED', exitCode: 4 });
    const waiting = between.plan?.items.filter(({ resource, action }) => resource === 'variable' && action !== 'unchanged');
    expect(waiting?.map(({ id }) => id)).toEqual([...refused]);
    expect(second.result?.details.variablesWritten).toEqual([...refused]);
    expect(third.result?.details.variablesWritten).toEqual([]);
    expect(made()).toEqual([1, 1, 1]);
  });
});

describe('a domain (fault 29)', () => {
  it('of another project is not taken away from it: 4, and the next run adds it once it is free', async () => {
    const addDomain = async () => {
      throw new StagingError('vendor', 'VERCEL_DOMAIN_TAKEN', 'The domain belongs to another project.', { fix: 'Remove it there.' });
    };

    const first = await world.provision({ projects: { ...world.hosting.projects, addDomain } });
    const second = await world.provision();

    expect(findings(first.error)).toEqual({ code: 'VERCEL_DOMAIN_TAKEN', exitCode: 4 });
    expect(second.error).toBeUndefined();
    expect(second.details['domain']).toBe('added, verified');
    expect(made()).toEqual([1, 1, 1]);
  });
});

describe('a marker of a later version (fault 61)', () => {
  it('is neither overwritten nor called damaged: 6, and the tool is to be updated', async () => {
    await world.provision();
    takeCalls(world);
    world.hosting.world.markers.set('prj_1', 'newer');

    const runs = [await world.provision(), await world.provision({}, {}, { adopt: true })];

    for (const { error } of runs)
      expect(error).toMatchObject({ code: 'PLAN_BLOCKED', exitCode: 6, message: expect.stringContaining('later version of jv-staging') });
    expect(takeCalls(world)).toEqual([]);
  });
});
