import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import type { DataApi } from '../../core/ports/database.ts';
import { type KnownSecret, rotationProblem } from '../../core/secrets/secrets.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import { type EnvDeps, envPushStage } from '../env.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import { keysStep } from '../provision/generated-secrets.ts';
import { readAccess, type Resources } from '../resources.ts';
import { refuseOutside, secretNamed } from './deps.ts';
import { forgetFormerKeys, type ResealDeps, resealSteps, stateKeyLines } from './reseal.ts';
import type { SecretsDetails } from './set.ts';

/** What rotating a secret needs. */
export interface RotateDeps extends ResealDeps, Omit<EnvDeps, keyof ResealDeps> {
  readonly newSecret: () => string;
  readonly openDataApi: () => DataApi;
  /** E-mail addresses of the seeded users. */
  readonly seededUsers: () => Promise<readonly string[]>;
}

/**
 * Returns the stage that gives a secret a new value everywhere: at its vendor, in the environment file, in the app's variables. The new
 * value is on disk before anything has it, and stays there until everything has: a run that was cut off is gone on with by the next one,
 * with the same value. A new state key has the former one beside it, which opens what is not sealed anew yet. Throws `SECRET_UNKNOWN`, `SECRET_SET_OUTSIDE`, `SECRET_NOT_ROTATABLE` (exit 2).
 */
export function rotateStage(deps: RotateDeps, resources: Resources, name: string): StageRun<SecretsDetails> {
  const startedAtMs = deps.clock.nowMs();
  const secret = secretNamed(deps, name);
  const problem = rotationProblem(secret.kind);
  if (problem !== undefined)
    throw new StagingError('usage', 'SECRET_NOT_ROTATABLE', `${name} is not rotated by this tool: ${problem.why}.`, { fix: problem.fix });
  const ended = slot<string>('rotation');
  const push = envPushStage(deps, resources);
  return {
    steps: [
      locateStep(deps, resources),
      leaseUnlessCutOff(deps, secret),
      nextStep(deps, secret),
      vendorStep(deps, resources, secret),
      keepStep(deps, secret),
      readAgainStep(deps, resources),
      { ...leaseStep(deps), id: 'lease-again' },
      keysStep({ secretFile: deps.ownFile }, resources),
      ...resealSteps(deps, resources, secret),
      ...push.steps.filter(({ id }) => id === 'push'),
      endStep(deps, secret, ended.set),
    ],
    result: () => {
      if (ended.peek() === undefined) return undefined;
      const { variables } = secret;
      const deploy = 'written to Vercel, live with the next deploy: run `jv-staging deploy`';
      const finding = {
        id: name.toLowerCase().replaceAll('_', '-'),
        title: name,
        verdict: 'green' as const,
        seen: `rotated; ${variables.length === 0 ? ended.get() : `${variables.join(', ')} ${deploy}`}`,
        expected: 'a new value everywhere',
      };
      return stageResult('secrets-rotate', [finding], startedAtMs, deps.clock, { written: [name], variables });
    },
  };
}

/** After a rotation of the database's password that was cut off nobody knows which one opens it: the lease is taken once that is settled. */
function leaseUnlessCutOff(deps: RotateDeps, { name, kind }: KnownSecret): Step {
  const step = leaseStep(deps);
  return {
    ...step,
    probe: async (io) => {
      const cutOff = kind === 'database-password' && ((await deps.pending.read(name)) ?? '') !== '';
      return cutOff ? 'once the password is settled' : step.probe?.(io);
    },
  };
}

/** Redis gives its own password out: there is nothing of ours to keep. What stands for it says that it was begun. */
const madeByVendor = 'made-by-the-vendor';

function nextStep(deps: RotateDeps, { name, kind }: KnownSecret): Step {
  return {
    id: 'next',
    title: `Keep a new ${name}`,
    mutates: true,
    probe: async () => {
      await refuseOutside(deps, name);
      return ((await deps.pending.read(name)) ?? '') === '' ? undefined : 'goes on with a rotation that was cut off';
    },
    run: async () => {
      await deps.pending.write({ [name]: kind === 'redis-token' ? madeByVendor : deps.newSecret() });
      return deps.pending.path;
    },
  };
}

function vendorStep(deps: RotateDeps, resources: Resources, { name, kind }: KnownSecret): Step {
  return {
    id: 'vendor',
    title: `Give it to those who ask for ${name}`,
    mutates: true,
    skip: () => (kind === 'own' ? 'the app alone asks for it' : kind === 'state-key' ? 'this tool alone has it' : undefined),
    run: async (io) => {
      const next = (await deps.pending.read(name)) ?? '';
      const { production } = deps.settings;
      if (kind === 'database-password') {
        const { ref } = resources.database.get();
        guardProduction({ what: 'Supabase project', identities: [ref] }, production);
        await deps.databases.setPassword(ref, next, io.signal);
        return ref;
      }
      if (kind === 'redis-token') {
        const { id } = resources.cache.get();
        guardProduction({ what: 'Upstash database', identities: [id] }, production);
        await deps.caches.resetPassword(id, io.signal);
        return id;
      }
      guardProduction({ what: 'Supabase project', identities: [resources.database.get().ref] }, production);
      return setUserPasswords(deps, next, io.signal);
    },
  };
}

/** Users that were not seeded yet get the password when they are. */
async function setUserPasswords(deps: RotateDeps, password: string, signal: AbortSignal): Promise<string> {
  const api = deps.openDataApi();
  const users = await deps.seededUsers();
  let changed = 0;
  for (const email of users) {
    const id = await api.findUser(email, signal);
    if (id === undefined) continue;
    await api.setPassword(id, password, signal);
    if (!(await api.canSignIn(email, password, signal))) throw notTaken(email);
    changed += 1;
  }
  return `${changed} of ${users.length} users`;
}

function keepStep(deps: RotateDeps, { name, kind }: KnownSecret): Step {
  return {
    id: 'keep',
    title: `Write ${name} into the environment file`,
    mutates: true,
    skip: () => (kind === 'redis-token' ? 'it is read from Upstash' : undefined),
    probe: async () => ((await deps.ownFile.read(name)) === (await deps.pending.read(name)) ? 'is there' : undefined),
    run: async () => {
      const next = (await deps.pending.read(name)) ?? '';
      await deps.ownFile.write(kind === 'state-key' ? await stateKeyLines(deps, name, next) : { [name]: next });
      return deps.ownFile.path;
    },
  };
}

/** Addresses hold passwords: what was read before is not true any more. */
function readAgainStep(deps: RotateDeps, resources: Resources): Step {
  return { id: 'read', title: 'Read addresses and keys again', run: (io) => readAccess(deps, resources, io.signal) };
}

function endStep(deps: RotateDeps, { name, kind }: KnownSecret, ended: (said: string) => void): Step {
  return {
    id: 'end',
    title: 'Forget what was kept for the rotation',
    mutates: true,
    run: async () => {
      const said = kind === 'state-key' ? await forgetFormerKeys(deps) : 'no variable of the app holds it';
      await deps.pending.write({ [name]: '' });
      ended(said);
      return 'everything has the new value';
    },
  };
}

function notTaken(email: string): StagingError {
  return new StagingError('vendor', 'SECRET_NOT_TAKEN', `${email} cannot sign in with the new password, although it was set.`, {
    fix: 'Run the same command again: it goes on with the same value.',
  });
}
