import { StagingError } from '../core/errors.ts';
import { guardProduction } from '../core/guard.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { DataApi, Row } from '../core/ports/database.ts';
import { changedRows, resolveRows, rowKeys, type SeedPlan, type SeedTable } from '../core/seed.ts';
import { slot } from '../core/run/slot.ts';
import type { StageRun } from '../core/run/stage.ts';
import { stageResult } from '../core/run/stage-result.ts';
import type { Step, StepIo } from '../core/run/step.ts';
import { type LeaseDeps, leaseStep } from './lease.ts';
import { locateStep } from './locate.ts';
import { type ResourceDeps, type Resources } from './resources.ts';

/** What seeding needs beside finding resources. */
export interface SeedDeps extends ResourceDeps, LeaseDeps {
  readonly clock: Clock;
  readonly openDataApi: () => DataApi;
  /** Reads a seed profile and the hash that is its version. */
  readonly readSeed: (profile: string) => Promise<{ readonly plan: SeedPlan; readonly version: string }>;
}

/** What seeding reports beside its findings. */
export interface SeedDetails {
  readonly profile: string;
  /** Hash of the seed file's meaning. */
  readonly seedVersion: string;
  readonly users: { readonly wanted: number; readonly changed: number };
  /** In the order in which they are written. */
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly changed: number }[];
  /** Users and rows that this run created or changed. */
  readonly changed: number;
}

/** Name of the line in the environment file that holds the seeded users' password. */
export const userPasswordName = 'STAGING_USER_PASSWORD';

interface SeedFacts {
  readonly seed: ReturnType<typeof slot<{ readonly plan: SeedPlan; readonly version: string }>>;
  readonly authUserIds: Record<string, string>;
  readonly stored: Record<string, readonly Row[]>;
  readonly tables: { table: string; rows: number; changed: number }[];
  changedUsers: number;
  done: boolean;
}

/** Returns the stage that writes the seed: users, then tables in order, only what is missing or differs; the end state is read back. */
export function seedStage(deps: SeedDeps, resources: Resources, profile: string): StageRun<SeedDetails> {
  const startedAtMs = deps.clock.nowMs();
  const facts: SeedFacts = { seed: slot('seed plan'), authUserIds: {}, stored: {}, tables: [], changedUsers: 0, done: false };
  return {
    steps: [
      locateStep(deps, resources),
      leaseStep(deps),
      readStep(deps, facts, profile),
      usersStep(deps, resources, facts),
      {
        id: 'tables',
        title: 'Rows',
        steps: () => facts.seed.get().plan.tables.map((table) => tableStep(deps, resources, facts, table)),
      },
      {
        id: 'done',
        title: 'Every row read back',
        run: async () => {
          facts.done = true;
          const changed = totalChanged(facts);
          return changed === 0 ? 'nothing to do: 0 rows changed' : `${changed} changed`;
        },
      },
    ],
    result: () => (facts.done ? seedResult(deps, facts, profile, startedAtMs) : undefined),
  };
}

function readStep(deps: SeedDeps, facts: SeedFacts, profile: string): Step {
  return {
    id: 'read',
    title: `Read the seed profile ${profile}`,
    run: async () => {
      facts.seed.set(await deps.readSeed(profile));
      const { plan } = facts.seed.get();
      const rows = plan.tables.reduce((sum, table) => sum + table.rows.length, 0);
      return `${plan.auth.length} users, ${rows} rows in ${plan.tables.length} tables`;
    },
  };
}

/** Users come before their rows, since rows refer to their ids. A user that cannot sign in with the password gets it set anew. */
function usersStep(deps: SeedDeps, resources: Resources, facts: SeedFacts): Step {
  return {
    id: 'users',
    title: 'Users who can sign in',
    mutates: true,
    run: async (io) => {
      guardDatabase(deps, resources);
      const api = deps.openDataApi();
      const password = await userPassword(deps);
      for (const { email } of facts.seed.get().plan.auth) {
        io.note(email);
        const found = await api.findUser(email, io.signal);
        const id = found ?? (await api.createUser({ email, password }, io.signal));
        const signsIn = found === undefined || (await api.canSignIn(email, password, io.signal));
        if (!signsIn) await api.setPassword(id, password, io.signal);
        if (found === undefined || !signsIn) facts.changedUsers += 1;
        facts.authUserIds[email] = id;
      }
      return `${facts.seed.get().plan.auth.length} users, ${facts.changedUsers} changed`;
    },
  };
}

function tableStep(deps: SeedDeps, resources: Resources, facts: SeedFacts, table: SeedTable): Step {
  return {
    id: table.table,
    title: table.table,
    mutates: true,
    run: async (io) => {
      guardDatabase(deps, resources);
      const changed = await writeTable(deps, facts, table, io);
      facts.tables.push({ table: table.table, rows: table.rows.length, changed });
      return `${table.rows.length} rows, ${changed} changed`;
    },
  };
}

async function writeTable(deps: SeedDeps, facts: SeedFacts, table: SeedTable, io: StepIo): Promise<number> {
  const api = deps.openDataApi();
  const wanted = resolveRows(table, { nowMs: deps.clock.nowMs(), authUserIds: facts.authUserIds, stored: facts.stored });
  const keys = rowKeys(table.key, wanted);
  const existing = await api.rowsByKey(table.table, table.key, keys, io.signal);
  const changed = changedRows(table.key, existing, wanted);
  if (changed.length > 0) await api.upsert(table.table, table.key, changed, io.signal);
  const stored = changed.length === 0 ? existing : await api.rowsByKey(table.table, table.key, keys, io.signal);
  const different = changedRows(table.key, stored, wanted);
  if (different.length > 0) {
    throw new StagingError(
      'red',
      'SEED_ROWS_DIFFER',
      `${different.length} of ${wanted.length} rows of ${table.table} differ from the seed after writing, expected 0.`,
      {
        fix: `Look for a trigger or policy that changes ${table.table}, then run \`jv-staging seed\` again.`,
      },
    );
  }
  facts.stored[table.table] = stored;
  return changed.length;
}

function guardDatabase(deps: SeedDeps, resources: Resources): void {
  const { ref, name } = resources.database.get();
  guardProduction({ what: 'Supabase project', identities: [ref, name] }, deps.settings.production);
}

async function userPassword(deps: SeedDeps): Promise<string> {
  const password = await deps.secretFile.read(userPasswordName);
  if (password !== undefined) return password;
  throw new StagingError(
    'missing',
    'SEED_PASSWORD_MISSING',
    `${deps.secretFile.path} has no ${userPasswordName}, which the seeded users sign in with.`,
    {
      fix: 'Run `jv-staging provision`, which generates it.',
    },
  );
}

function totalChanged(facts: SeedFacts): number {
  return facts.tables.reduce((sum, table) => sum + table.changed, facts.changedUsers);
}

function seedResult(deps: SeedDeps, facts: SeedFacts, profile: string, startedAtMs: number) {
  const { plan, version } = facts.seed.get();
  const rows = facts.tables.reduce((sum, table) => sum + table.rows, 0);
  const changed = totalChanged(facts);
  const findings = [
    {
      id: 'users',
      title: 'Users',
      verdict: 'green' as const,
      seen: `${plan.auth.length} (${facts.changedUsers} changed)`,
      expected: `${plan.auth.length} who can sign in`,
    },
    ...facts.tables.map((table) => ({
      id: table.table.replaceAll('_', '-'),
      title: table.table,
      verdict: 'green' as const,
      seen: `${table.rows} rows as wished (${table.changed} changed)`,
      expected: `${table.rows} rows`,
    })),
  ];
  const details: SeedDetails = {
    profile,
    seedVersion: version,
    users: { wanted: plan.auth.length, changed: facts.changedUsers },
    tables: facts.tables,
    changed,
  };
  return stageResult('seed', findings, startedAtMs, deps.clock, details, `${plan.auth.length} users and ${rows} rows, ${changed} changed`);
}
