import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import postgres from 'postgres';
import { z } from 'zod';
import { createStagingProject, type StagingProject } from './staging-project.ts';

/** A project whose app is two small functions over one table: cheap to deploy many times. */
export interface SmallProject extends StagingProject {
  /** Writes the app's output: code that reads these columns of `notes` and says `marker`. */
  app(marker: string, columns: readonly string[]): Promise<void>;
  /** Writes a migration, and its reverse script when there is one. */
  migration(file: string, up: string, down?: string): Promise<void>;
  /** Asks the staging database. */
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

const config = `import { defineConfig } from 'jv-staging';
import sample from './sample.config.ts';
export default defineConfig({
  ...sample,
  app: { dir: 'small', output: '.vercel/output' },
  supabase: {
    ...sample.supabase,
    migrations: 'small/migrations',
    rollbacks: 'small/rollbacks',
    tableWaivers: [{ table: 'public.notes', without: 'policy', reason: 'the app reads it with the service role' }],
  },
  seed: { dir: 'small/seed', profile: 'demo' },
  smoke: { checks: [
    { id: 'health', kind: 'health', title: 'Health' },
    { id: 'notes', kind: 'api', title: 'Notes', path: '/api/notes', status: 200, fields: { notes: 'array' } },
  ] },
  restorePoints: { kind: 'dump' },
  perf: { ...sample.perf, pages: [{ id: 'home', path: '/' }], endpoints: [] },
  load: { ...sample.load, journey: [{ id: 'health', path: '/api/health', status: 200, maxMs: 500, thinkMs: 1000 }] },
});
`;

const seed = { version: 1, auth: [], tables: [{ table: 'notes', key: ['id'], rows: [{ id: 1, body: 'seeded' }] }] };

const functionConfig = JSON.stringify({ runtime: 'nodejs24.x', handler: 'index.js', launcherType: 'Nodejs', shouldAddHelpers: false });

const health = `module.exports = (req, res) => {
  res.setHeader('content-type', 'application/json');
  res.end(JSON.stringify({ status: 'ok', environment: 'staging', version: process.env.VERCEL_GIT_COMMIT_SHA,
    deployment: process.env.VERCEL_DEPLOYMENT_ID, database: 'connected', redis: 'connected', sentry: { environment: 'staging' },
    memory: { rssBytes: process.memoryUsage().rss, heapUsedBytes: process.memoryUsage().heapUsed } }));
};`;

const notes = (columns: readonly string[]) => `module.exports = async (req, res) => {
  const { NEXT_PUBLIC_SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key } = process.env;
  const answer = await fetch(url + '/rest/v1/notes?select=${columns.join(',')}&order=id', { headers: { apikey: key, authorization: 'Bearer ' + key } });
  const text = await answer.text();
  res.statusCode = answer.status;
  res.setHeader('content-type', 'application/json');
  res.end(answer.status === 200 ? JSON.stringify({ notes: JSON.parse(text) }) : text);
};`;

const name = 'jetvision-staging';

async function directUrl(project: StagingProject): Promise<string> {
  const printed = await project.run(['local', 'env', '--project', name, '--json']);
  return printed.json(z.record(z.string(), z.string())).data['DIRECT_URL'] ?? '';
}

/** Creates the project with its first migration; nothing runs yet. */
export async function createSmallProject(): Promise<SmallProject> {
  const project = await createStagingProject();
  const place = (file: string) => join(project.dir, 'small', file);
  const write = async (file: string, text: string) => {
    await mkdir(dirname(place(file)), { recursive: true });
    await writeFile(place(file), text);
  };
  const small: SmallProject = {
    ...project,
    app: async (marker, columns) => {
      await rm(place('.vercel'), { recursive: true, force: true });
      await write('.vercel/output/config.json', JSON.stringify({ version: 3, routes: [{ handle: 'filesystem' }] }));
      await write('.vercel/output/static/index.html', `<!doctype html><h1>${marker}</h1>`);
      for (const [path, code] of Object.entries({ health, notes: notes(columns) })) {
        await write(`.vercel/output/functions/api/${path}.func/.vc-config.json`, functionConfig);
        await write(`.vercel/output/functions/api/${path}.func/index.js`, code);
      }
    },
    migration: async (file, up, down) => {
      await write(`migrations/${file}`, up);
      if (down !== undefined) await write(`rollbacks/${file}`, down);
    },
    query: async (text) => {
      const sql = postgres(await directUrl(project), { max: 1, onnotice: () => undefined });
      try {
        return await sql.unsafe(text);
      } finally {
        await sql.end();
      }
    },
  };
  await mkdir(place('rollbacks'), { recursive: true });
  await writeFile(join(project.dir, 'staging.config.ts'), config);
  await write('seed/demo.json', JSON.stringify(seed));
  await small.migration(
    '20260101000000_notes.sql',
    'create table notes (id int primary key, body text not null, old text);\nalter table notes enable row level security;\n',
    'drop table notes;\n',
  );
  return small;
}
