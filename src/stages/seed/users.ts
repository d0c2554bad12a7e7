import { StagingError } from '../../core/errors.ts';
import type { Row } from '../../core/ports/database.ts';
import type { Slot } from '../../core/run/slot.ts';
import type { Step } from '../../core/run/step.ts';
import { clerkUsersOf, type SeedPlan, type SeedTable } from '../../core/seed/plan.ts';
import type { Resources } from '../resources.ts';
import { guardDatabase, type SeedDeps, type SeededTable } from './parts.ts';

/** Name of the line in the environment file that holds the seeded users' password. */
export const userPasswordName = 'STAGING_USER_PASSWORD';

/** What a seed of rows has found out and done. */
export interface RowFacts {
  readonly seed: Slot<{ readonly plan: SeedPlan; readonly version: string }>;
  /** By e-mail address. */
  readonly authUserIds: Record<string, string>;
  /** By e-mail address; empty where no Clerk is configured. */
  readonly clerkUserIds: Record<string, string>;
  /** Ids of users made in this run whose rows are not written yet, with who keeps them. */
  readonly newUsers: Map<string, 'auth' | 'clerk'>;
  readonly stored: Record<string, readonly Row[]>;
  readonly tables: SeededTable[];
  changedUsers: number;
  readonly orphans: Slot<number>;
}

/**
 * Returns the step that makes the users, who come before their rows since rows refer to their ids: in Supabase Auth, and those whom rows name as
 * users of Clerk there as well, when it is configured. A user who cannot sign in with the password gets it set anew, in Supabase Auth alone.
 */
export function usersStep(deps: SeedDeps, resources: Resources, facts: RowFacts): Step {
  return {
    id: 'users',
    title: 'Users who can sign in',
    mutates: true,
    run: async (io) => {
      guardDatabase(deps, resources);
      const { plan } = facts.seed.get();
      const password = await userPassword(deps);
      const inClerk = new Set(clerkUsersOf(plan));
      await takingBack(deps, facts, async () => {
        for (const { email } of plan.auth) {
          io.note(email);
          const isChanged = await authUser(deps, facts, { email, password }, io.signal);
          const isNewInClerk = inClerk.has(email) && (await clerkUser(deps, facts, { email, password }, io.signal));
          if (isChanged || isNewInClerk) facts.changedUsers += 1;
        }
      });
      const clerk = Object.keys(facts.clerkUserIds).length;
      return `${plan.auth.length} users${clerk === 0 ? '' : `, ${clerk} of them in Clerk, too`}, ${facts.changedUsers} changed`;
    },
  };
}

interface WantedUser {
  readonly email: string;
  readonly password: string;
}

async function authUser(deps: SeedDeps, facts: RowFacts, { email, password }: WantedUser, signal: AbortSignal): Promise<boolean> {
  const api = deps.openDataApi();
  const found = await api.findUser(email, signal);
  const id = found ?? (await api.createUser({ email, password }, signal));
  if (found === undefined) facts.newUsers.set(id, 'auth');
  const signsIn = found === undefined || (await api.canSignIn(email, password, signal));
  if (!signsIn) await api.setPassword(id, password, signal);
  facts.authUserIds[email] = id;
  return found === undefined || !signsIn;
}

async function clerkUser(deps: SeedDeps, facts: RowFacts, user: WantedUser, signal: AbortSignal): Promise<boolean> {
  const clerk = deps.openClerk();
  if (clerk === undefined) return false;
  const found = await clerk.findUser(user.email, signal);
  const id = found ?? (await clerk.createUser(user, signal));
  if (found === undefined) facts.newUsers.set(id, 'clerk');
  facts.clerkUserIds[user.email] = id;
  return found === undefined;
}

/**
 * Runs `work`; when it fails, takes back the users of this run whose rows are not there: a user and the row that belongs to it come together or
 * not at all. A run that was killed leaves this to the next one, which finds the user and writes the row.
 */
export async function takingBack<Value>(deps: SeedDeps, facts: RowFacts, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const { signal } = new AbortController();
    for (const [id, keeper] of facts.newUsers) {
      if (await hasRow(deps, facts, id, signal)) continue;
      if (keeper === 'auth') await deps.openDataApi().deleteUser(id, signal);
      else await deps.openClerk()?.deleteUser(id, signal);
    }
    throw error;
  }
}

/** An interruption may have hidden that the rows were written. */
async function hasRow(deps: SeedDeps, facts: RowFacts, id: string, signal: AbortSignal): Promise<boolean> {
  const api = deps.openDataApi();
  const keeper = facts.newUsers.get(id);
  for (const table of facts.seed.get().plan.tables) {
    for (const column of userColumns(table, keeper)) {
      if ((await api.rowsByKey(table.table, [column], [{ [column]: id }], signal)).length > 0) return true;
    }
  }
  return false;
}

/** Returns the columns of a table that hold ids of users; an id of Clerk's is no UUID and is not looked for in others. */
function userColumns({ rows }: SeedTable, keeper: 'auth' | 'clerk' | undefined): readonly string[] {
  const kind = keeper === 'clerk' ? 'clerkUserId' : 'authUserId';
  return [...new Set(rows.flatMap((row) => Object.entries(row).flatMap(([column, value]) => (value.kind === kind ? [column] : []))))];
}

/** Returns the ids of this run's new users that stored rows of a table refer to. */
export function usersNamed(facts: RowFacts, table: SeedTable, stored: readonly Row[]): readonly string[] {
  return [...facts.newUsers].flatMap(([id, keeper]) => {
    const columns = userColumns(table, keeper);
    return stored.some((row) => columns.some((column) => row[column] === id)) ? [id] : [];
  });
}

/** Ids of a seed's users by e-mail address. */
export type KnownUsers = Pick<RowFacts, 'authUserIds' | 'clerkUserIds'>;

/** Returns those of a seed's users who exist. */
export async function knownUsers(deps: SeedDeps, plan: SeedPlan, signal: AbortSignal): Promise<KnownUsers> {
  const known: KnownUsers = { authUserIds: {}, clerkUserIds: {} };
  for (const { email } of plan.auth) {
    const id = await deps.openDataApi().findUser(email, signal);
    if (id !== undefined) known.authUserIds[email] = id;
  }
  for (const email of clerkUsersOf(plan)) {
    const id = await deps.openClerk()?.findUser(email, signal);
    if (id !== undefined) known.clerkUserIds[email] = id;
  }
  return known;
}

/** Removes these users wherever they are kept. */
export async function removeUsers(deps: SeedDeps, { authUserIds, clerkUserIds }: KnownUsers, signal: AbortSignal): Promise<void> {
  for (const id of Object.values(authUserIds)) await deps.openDataApi().deleteUser(id, signal);
  for (const id of Object.values(clerkUserIds)) await deps.openClerk()?.deleteUser(id, signal);
}

async function userPassword({ secretFile }: SeedDeps): Promise<string> {
  const password = await secretFile.read(userPasswordName);
  if (password !== undefined) return password;
  throw new StagingError(
    'missing',
    'SEED_PASSWORD_MISSING',
    `${secretFile.path} has no ${userPasswordName}, which the seeded users sign in with.`,
    {
      fix: 'Run `jv-staging provision`, which generates it.',
    },
  );
}
