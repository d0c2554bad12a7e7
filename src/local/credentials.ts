import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writeJson } from './json-file.ts';

/** The credentials that a local cloud issues once and keeps, mode 0600. */
export interface Credentials {
  readonly createdAt: number;
  readonly vercelToken: string;
  readonly vercelTeamId: string;
  /** `sbp_` and 40 hex digits: the Supabase CLI refuses any other form. */
  readonly supabaseToken: string;
  readonly upstashEmail: string;
  readonly upstashKey: string;
  readonly controlToken: string;
}

/** Returns the credentials kept in `dir`, issued the first time. */
export async function openCredentials(dir: string): Promise<Credentials> {
  const path = join(dir, 'credentials.json');
  const kept = await readJson<Credentials>(path);
  if (kept) return kept;
  const random = (bytes: number) => randomBytes(bytes).toString('hex');
  const issued: Credentials = {
    createdAt: Date.now(),
    vercelToken: `jvlocal_${random(20)}`,
    vercelTeamId: `team_${random(12)}`,
    supabaseToken: `sbp_${random(20)}`,
    upstashEmail: 'local@jv-staging.test',
    upstashKey: `jvlocal_${random(20)}`,
    controlToken: `jvlocal_${random(20)}`,
  };
  await writeJson(path, issued);
  return issued;
}
