import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Returns the file that the Supabase CLI takes as `SUPABASE_PROFILE`. */
export function supabaseProfileFile(stateDir: string): string {
  return join(stateDir, 'supabase-profile.yaml');
}

/** Writes the profile that points the Supabase CLI 3 at the local cloud (contracts.md §2.2). */
export async function writeSupabaseProfile(stateDir: string, apiUrl: string): Promise<void> {
  const lines = [
    'name: jv-local',
    `api_url: ${apiUrl}`,
    `dashboard_url: ${apiUrl}/dashboard`,
    `docs_url: ${apiUrl}/docs`,
    'project_host: localtest.me',
    'pooler_host: 127.0.0.1',
  ];
  await writeFile(supabaseProfileFile(stateDir), `${lines.join('\n')}\n`, { mode: 0o600 });
}
