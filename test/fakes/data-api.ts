import { StagingError } from '../../src/core/errors.ts';
import type { DataApi, Row } from '../../src/core/ports/database.ts';

/** A project's data in memory. */
export interface FakeDataApi extends DataApi {
  readonly tables: Map<string, Row[]>;
  readonly users: Map<string, { readonly id: string; readonly email: string; password: string }>;
  /** Rows that were sent to be written. */
  readonly written: Row[];
}

/** Returns a project's data in memory; a table exists as soon as it is written to. */
export function fakeDataApi(): FakeDataApi {
  const tables = new Map<string, Row[]>();
  const users: FakeDataApi['users'] = new Map();
  const written: Row[] = [];
  const same = (columns: readonly string[], left: Row, right: Row) =>
    columns.every((column) => (left[column] ?? null) === (right[column] ?? null));
  const byEmail = (email: string) => [...users.values()].find((user) => user.email.toLowerCase() === email.toLowerCase());
  return {
    tables,
    users,
    written,
    rowsByKey: async (table, columns, keys) => (tables.get(table) ?? []).filter((row) => keys.some((key) => same(columns, row, key))),
    upsert: async (table, columns, rows) => {
      const stored = tables.get(table) ?? [];
      tables.set(table, stored);
      return rows.map((row) => {
        written.push(row);
        const index = stored.findIndex((each) => same(columns, each, row));
        const merged = { ...stored[index], ...row };
        if (index === -1) stored.push(merged);
        else stored[index] = merged;
        return merged;
      });
    },
    findUser: async (email) => byEmail(email)?.id,
    createUser: async ({ email, password }) => {
      const known = byEmail(email);
      const user = known ?? { id: `00000000-0000-4000-8000-${String(users.size + 1).padStart(12, '0')}`, email, password };
      user.password = password;
      users.set(user.id, user);
      return user.id;
    },
    deleteUser: async (id) => void users.delete(id),
    setPassword: async (id, password) => {
      const user = users.get(id);
      if (user === undefined) throw new StagingError('vendor', 'SUPABASE_REQUEST_FAILED', 'User not found.');
      user.password = password;
    },
    canSignIn: async (email, password) => byEmail(email)?.password === password,
  };
}
