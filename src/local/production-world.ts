import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Credentials } from './credentials.ts';
import type { DataServices } from './databases.ts';
import { readJson, writeJson } from './json-file.ts';
import type { FetchApp } from './service.ts';

/** Names of the production that stands beside staging, so that isolation and parity have something real to compare with. */
export interface ProductionWorld {
  readonly vercelProjectId: string;
  readonly supabaseRef: string;
  readonly redisId: string;
}

const name = 'jetvision-production';
const host = 'http://127.0.0.1';

/** What stands in a production of no migrations: one table, so that there is something to see. */
const plainSql = `
  create table if not exists public.flight_requests (
    id uuid primary key default gen_random_uuid(),
    departure_airport text not null,
    arrival_airport text not null,
    passengers integer not null check (passengers > 0),
    created_at timestamptz not null default now()
  );
  alter table public.flight_requests enable row level security;
  insert into public.flight_requests (departure_airport, arrival_airport, passengers)
  select * from (values ('KTEB', 'KPBI', 4), ('KVNY', 'KASE', 7), ('KBED', 'KOPF', 2)) as rows (d, a, p)
  where not exists (select from public.flight_requests);`;

/** What production is made like: a team's own production has its migrations, and variables of the same names as staging. */
export interface ProductionModel {
  /** Folder of migrations, absolute; null for a table of our own. */
  readonly migrations: string | null;
  /** Names of variables. */
  readonly variables: readonly string[];
}

/** What making the production world needs. */
export interface ProductionSurroundings {
  readonly stateDir: string;
  readonly vercel: FetchApp;
  readonly data: DataServices;
  readonly credentials: Credentials;
  readonly model: ProductionModel;
  readonly log: (line: string) => void;
}

/** Returns the production world, created the first time. Each part is found by its name before it is made. */
export async function ensureProductionWorld(surroundings: ProductionSurroundings): Promise<ProductionWorld> {
  const path = join(surroundings.stateDir, 'production.json');
  const kept = await readJson<ProductionWorld>(path);
  if (kept) return kept;
  const world: ProductionWorld = {
    vercelProjectId: await ensureVercelProject(surroundings),
    supabaseRef: await ensureSupabaseProject(surroundings),
    redisId: await ensureRedis(surroundings.data),
  };
  await writeJson(path, world);
  return world;
}

async function ensureVercelProject({ vercel, credentials, model }: ProductionSurroundings): Promise<string> {
  const headers = { host: '127.0.0.1', authorization: `Bearer ${credentials.vercelToken}`, 'content-type': 'application/json' };
  const ask = async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await vercel.fetch(new Request(`${host}${path}`, { method, headers, ...sent }), {});
    const parsed: { readonly id?: string } = JSON.parse(await response.text());
    return parsed;
  };
  const project =
    (await ask('GET', `/v9/projects/${name}`)).id ?? (await ask('POST', '/v11/projects', { name, serverlessFunctionRegion: 'iad1' })).id;
  if (project === undefined) throw new Error('The production project could not be made.');
  await ask('POST', `/v10/projects/${name}/domains`, { name: 'app.jetvision-assistant.com' });
  const variable = (key: string, value: string) => ({ key, value, type: 'encrypted', target: ['production'] });
  const own = { APP_ENVIRONMENT: 'production', LOG_LEVEL: 'info' };
  const others = model.variables
    .filter((key) => !(key in own))
    .map((key) => variable(key, `production-${randomBytes(12).toString('hex')}`));
  await ask('POST', `/v10/projects/${name}/env?upsert=true`, [
    ...Object.entries(own).map(([key, value]) => variable(key, value)),
    ...others,
  ]);
  return project;
}

async function ensureSupabaseProject({ data, credentials, model, log }: ProductionSurroundings): Promise<string> {
  const { supabase } = data;
  const found = supabase.projects().find((project) => project.name === name);
  const { ref } = found ?? (await supabase.createProject({ name, region: 'us-east-1', password: randomBytes(18).toString('base64url') }));
  const headers = { host: '127.0.0.1', authorization: `Bearer ${credentials.supabaseToken}`, 'content-type': 'application/json' };
  for (const query of await scriptsOf(model)) {
    const request = new Request(`${host}/v1/projects/${ref}/database/query`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    const response = await supabase.app.fetch(request);
    // A migration that does not run is the team's own trouble, and is met again in staging: production ends before it.
    if (!response.ok) {
      log(`production world: a migration was refused: ${response.status} ${await response.text()}`);
      break;
    }
  }
  return ref;
}

/** Returns the migrations in the order of their names, or what stands in for them where there are none. */
async function scriptsOf({ migrations }: ProductionModel): Promise<readonly string[]> {
  const files = migrations === null ? [] : (await readdir(migrations).catch(() => [])).filter((file) => file.endsWith('.sql')).toSorted();
  if (migrations === null || files.length === 0) return [plainSql];
  return Promise.all(files.map((file) => readFile(join(migrations, file), 'utf8')));
}

async function ensureRedis({ upstash }: DataServices): Promise<string> {
  const found = upstash.databases().find((database) => database.name === name);
  return (found ?? (await upstash.createDatabase({ name, primaryRegion: 'us-east-1' }))).id;
}

/** Returns the production world once it is there; throws the signal's reason when aborted, and undefined after half a minute. */
export async function waitForProduction(stateDir: string, signal: AbortSignal): Promise<ProductionWorld | undefined> {
  for (let look = 0; look < 300; look += 1) {
    const world = await readJson<ProductionWorld>(join(stateDir, 'production.json'));
    if (world !== undefined) return world;
    await sleep(100, undefined, { signal });
  }
  return undefined;
}
