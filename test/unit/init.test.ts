import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRepository } from '../../src/adapters/source/repository.ts';
import { nextSteps, openPoints } from '../../src/core/init/advice.ts';
import { nextSuggestion } from '../../src/core/init/answers.ts';
import { configText } from '../../src/core/init/config-text.ts';
import { envTemplate } from '../../src/core/init/env-template.ts';
import { withHealthRoute } from '../../src/core/init/health-route.ts';
import { withIgnoredLines } from '../../src/core/init/ignore-lines.ts';
import type { Repository } from '../../src/core/init/repository.ts';
import { regionsNear, vercelRegionCodes } from '../../src/core/regions.ts';
import { answersByName, completeAnswers } from '../../src/stages/init.ts';

let folder = '';
const signal = new AbortController().signal;
const environment = { PATH: process.env['PATH'] ?? '' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-init-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

const read = (appDir?: string) => readRepository({ folder, appDir, environment, signal });

const bare: Repository = {
  folder: '/srv/shop',
  appDir: '.',
  packageName: undefined,
  homepage: undefined,
  packages: [],
  framework: undefined,
  vercel: { project: undefined, team: undefined, hasSettings: false, regions: [] },
  supabase: { project: undefined, postgresVersion: undefined, hasMigrations: false, migrations: 0 },
  git: undefined,
  variables: [],
  router: undefined,
  healthRoute: undefined,
  title: undefined,
  hasSeed: false,
};

const suggested = async (repository: Repository) =>
  answersByName(await completeAnswers({ repository, given: {}, takesSuggestions: true, ask: async () => undefined }));

/** Loads a text as the tool loads a configuration: by Node itself. */
async function loaded(text: string) {
  await write({ 'staging.config.ts': text });
  const print = resolve(import.meta.dirname, '../support/print-config.ts');
  const { stdout } = await execa(process.execPath, [print, join(folder, 'staging.config.ts')]);
  return JSON.parse(stdout);
}

describe('a repository', () => {
  it('is read: framework, Vercel, Supabase, git, variables, health route, title', async () => {
    await write({
      'package.json': JSON.stringify({ name: '@acme/shop', homepage: 'https://shop.acme.test', dependencies: { next: '16', bullmq: '6' } }),
      'vercel.json': JSON.stringify({ regions: ['fra1'] }),
      '.vercel/project.json': JSON.stringify({ projectId: 'prj_1', orgId: 'team_1', projectName: 'shop' }),
      'supabase/config.toml': 'project_id = "shop"\n[db]\nport = 54322\nmajor_version = 17\n',
      'supabase/migrations/20260101000000_a.sql': 'select 1;',
      'supabase/migrations/notes.txt': '',
      'supabase/.temp/project-ref': 'abcdefghijklmnopqrst\n',
      '.env.example': '# a comment\nDATABASE_URL=postgres://x\nexport STRIPE_SECRET_KEY=\n',
      'src/app/api/health/route.ts': '',
      'src/app/layout.tsx': "export const metadata = { title: 'Acme shop' };",
    });
    const git = (...args: readonly string[]) => execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.test', ...args], { cwd: folder });
    await git('init', '--quiet', '--initial-branch=main');
    await git('remote', 'add', 'origin', 'https://user:secret@github.com/acme/shop.git');
    await git('commit', '--quiet', '--allow-empty', '--message=x');
    await git('branch', 'staging');

    expect(await read()).toEqual({
      folder,
      appDir: '.',
      packageName: '@acme/shop',
      homepage: 'https://shop.acme.test',
      packages: ['bullmq', 'next'],
      framework: { slug: 'nextjs', name: 'Next.js', publicPrefix: 'NEXT_PUBLIC_' },
      vercel: { project: 'shop', team: 'team_1', hasSettings: true, regions: ['fra1'] },
      supabase: { project: 'abcdefghijklmnopqrst', postgresVersion: '17', hasMigrations: true, migrations: 1 },
      git: { repository: 'acme/shop', branches: ['main', 'staging'] },
      variables: ['DATABASE_URL', 'STRIPE_SECRET_KEY'],
      router: { folder: 'src/app', typescript: false, nextMajor: 16 },
      healthRoute: 'src/app/api/health/route.ts',
      title: 'Acme shop',
      hasSeed: false,
    });
  });

  it('is searched for its only app, and two are nobody’s guess', async () => {
    await write({
      'package.json': '{"workspaces":["apps/*"]}',
      'apps/web/package.json': '{"dependencies":{"vite":"8"}}',
      'apps/api/package.json': '{}',
    });
    const one = await read();
    await write({ 'apps/admin/package.json': '{"dependencies":{"next":"16"}}' });

    expect(one).toMatchObject({ appDir: 'apps/web', framework: { slug: 'vite', publicPrefix: 'VITE_' } });
    expect(await read()).toMatchObject({ appDir: '.', framework: undefined });
    expect(await read('apps/admin')).toMatchObject({ appDir: 'apps/admin', framework: { slug: 'nextjs' } });
  });

  it('with a broken file is told so, by its name', async () => {
    await write({ 'package.json': '{"name":' });

    await expect(read()).rejects.toMatchObject({ code: 'REPOSITORY_FILE_BROKEN', message: expect.stringContaining('package.json') });
  });
});

describe('the answers', () => {
  it('are found where the repository says them, and suggested elsewhere', () => {
    const found = nextSuggestion({ ...bare, packageName: '@acme/Shop_Front' }, {});
    const guessed = nextSuggestion(bare, {});
    const domain = nextSuggestion(bare, { name: 'x', productionDomain: 'www.acme.test' });
    const page = nextSuggestion({ ...bare, homepage: 'https://github.com/acme/shop' }, { name: 'shop-staging' });

    expect(found).toMatchObject({ value: 'shop-front-staging', found: true });
    expect(guessed).toMatchObject({ value: 'shop-staging', found: false });
    expect(domain).toMatchObject({ name: 'domain', value: 'staging.acme.test', found: false });
    expect(page).toMatchObject({ name: 'productionDomain', value: 'www.shop.example', found: false });
  });

  it('are asked for again until they fit; an empty one takes what is suggested', async () => {
    const asked: string[] = [];
    const typed = ['', 'not a domain', 'www.acme.test', '', '', ''];
    const ask = async (question: string) => {
      asked.push(question);
      return typed.shift();
    };

    const answers = await completeAnswers({ repository: bare, given: { branch: 'next' }, takesSuggestions: false, ask });

    expect(answersByName(answers)).toEqual({
      name: 'shop-staging',
      productionDomain: 'www.acme.test',
      domain: 'staging.acme.test',
      branch: 'next',
      region: 'iad1',
    });
    expect(answers.find(({ name }) => name === 'branch')).toMatchObject({ from: '--branch' });
    expect(asked[2]).toContain('a host name such as');
    expect(asked).toHaveLength(5);
  });

  it('end with 2 when nobody can be asked, or a flag cannot be one', async () => {
    const interview = { repository: bare, takesSuggestions: false, ask: async () => undefined };

    await expect(completeAnswers({ ...interview, given: {} })).rejects.toMatchObject({ code: 'INIT_ANSWERS_MISSING', kind: 'usage' });
    await expect(completeAnswers({ ...interview, given: { region: 'xyz9' } })).rejects.toMatchObject({
      code: 'INIT_ANSWER_INVALID',
      message: expect.stringContaining('--region'),
    });
  });
});

describe('the configuration', () => {
  const everything: Repository = {
    ...bare,
    appDir: 'apps/it’s "web"',
    packages: ['@clerk/nextjs', '@sentry/nextjs', '@supabase/supabase-js', '@upstash/redis', 'bullmq', 'pg'],
    framework: { slug: 'nextjs', name: 'Next.js', publicPrefix: 'NEXT_PUBLIC_' },
    vercel: { project: 'shop', team: undefined, hasSettings: true, regions: ['fra1'] },
    supabase: { project: 'abcdefghijklmnopqrst', postgresVersion: '15', hasMigrations: true, migrations: 3 },
    git: { repository: 'acme/shop', branches: ['develop'] },
    variables: ['CRON_SECRET', 'LOG_LEVEL', 'NEXT_PUBLIC_APP_URL', 'NODE_ENV', 'QUEUE_PREFIX', 'STRIPE_SECRET_KEY', 'VERCEL_URL'],
    healthRoute: 'app/api/health/route.ts',
    title: 'Shop \\ 1',
  };

  it('of a folder that says nothing is loaded by the real loader', async () => {
    const { settings, error } = await loaded(configText(bare, await suggested(bare)));

    expect(error).toBeUndefined();
    expect(settings).toMatchObject({ name: 'shop-staging', env: {}, production: { domains: ['shop.example', 'www.shop.example'] } });
    expect(openPoints(bare, [{ name: 'productionDomain', value: 'www.shop.example', from: '' }])).toHaveLength(5);
  });

  it('of a full one is loaded, with what was found and no variable of Vercel’s or Node’s own', async () => {
    const { settings, error } = await loaded(configText(everything, await suggested(everything)));

    expect(error).toBeUndefined();
    expect(settings).toMatchObject({
      app: { dir: join(folder, 'apps/it’s "web"'), build: ['vercel', 'build', '--prod', '--yes'] },
      vercel: { region: 'fra1', framework: 'nextjs' },
      supabase: { region: 'eu-central-1', postgresVersion: '15' },
      upstash: { region: 'eu-central-1', prefix: 'shop-staging:' },
      production: { vercelProjects: ['shop'], supabaseProjects: ['abcdefghijklmnopqrst'] },
      gate: { repository: 'acme/shop' },
      load: { journey: [{ id: 'health' }], profile: 'short' },
    });
    expect(settings.smoke.checks[0]).toMatchObject({ id: 'home', marker: 'Shop \\ 1' });
    expect(settings.env).toMatchObject({
      CRON_SECRET: { value: { kind: 'env', name: 'CRON_SECRET' }, class: 'secret', required: true },
      DATABASE_URL: { value: { kind: 'fact', fact: 'database.poolerUrl' }, class: 'secret' },
      NEXT_PUBLIC_APP_URL: { value: { kind: 'fact', fact: 'app.url' } },
      NEXT_PUBLIC_SUPABASE_ANON_KEY: { value: { kind: 'fact', fact: 'supabase.anonKey' }, class: 'public' },
      QUEUE_PREFIX: { value: 'shop-staging:' },
      STRIPE_SECRET_KEY: { class: 'secret', required: false },
      SUPABASE_SERVICE_ROLE_KEY: { value: { kind: 'fact', fact: 'supabase.serviceRoleKey' }, class: 'secret' },
    });
    expect(Object.keys(settings.env)).not.toEqual(expect.arrayContaining(['NODE_ENV']));
    expect(Object.keys(settings.env)).not.toEqual(expect.arrayContaining(['VERCEL_URL']));
  });

  it('names regions that lie together, wherever Vercel is', async () => {
    const pairs = vercelRegionCodes.map((code) => [code, regionsNear(code)] as const);

    expect(Object.fromEntries(pairs)).toMatchObject({
      iad1: { supabase: 'us-east-1', upstash: 'us-east-1' },
      cdg1: { supabase: 'eu-west-3', upstash: 'eu-central-1' },
      cpt1: { supabase: undefined, upstash: 'af-south-1' },
    });
    expect((await loaded(configText(bare, { ...(await suggested(bare)), region: 'cpt1' }))).error).toBeUndefined();
  });
});

describe('the type-check of the app', () => {
  const tsc = async () => {
    const program = resolve(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
    const ended = await execa(process.execPath, [program, '-p', folder], { reject: false });
    return ended.stdout;
  };
  /** As create-next-app writes it: every .ts file is one of the app's. */
  const tsconfig = JSON.stringify({
    compilerOptions: { target: 'ES2017', module: 'esnext', moduleResolution: 'bundler', strict: true, noEmit: true, types: [] },
    include: ['**/*.ts'],
    exclude: ['node_modules'],
  });

  it('goes through without the package, with the references of variables too', async () => {
    const text = configText({ ...bare, packages: ['eslint', 'next'], variables: ['DATABASE_URL', 'MINE'] }, await suggested(bare));
    await write({ 'tsconfig.json': tsconfig, 'staging.config.ts': text });

    expect(text).toMatch(/^\/\* eslint-disable .*\n\/\/ @ts-nocheck/);
    expect(await tsc()).toBe('');
    await write({ 'staging.config.ts': text.replace('@ts-nocheck', '') });
    expect(await tsc()).toContain("TS2307: Cannot find module 'jv-staging'");
  }, 60_000);

  it('looks at the file where the package is one of the app’s own', async () => {
    const text = configText({ ...bare, packages: ['jv-staging'] }, await suggested(bare));

    expect(text).toMatch(/^import \{ defineConfig/);
  });
});

describe('the health route', () => {
  const next: Repository = {
    ...bare,
    framework: { slug: 'nextjs', name: 'Next.js', publicPrefix: 'NEXT_PUBLIC_' },
    router: { folder: 'src/app', typescript: true, nextMajor: 16 },
  };
  const path = (name: string) => join('/srv/shop', name);

  it('is written for the App Router alone, and only where there is none', () => {
    const { repository, files } = withHealthRoute(next, path);
    const [script] = withHealthRoute({ ...next, router: { folder: 'app', typescript: false, nextMajor: null } }, path).files;

    expect(files.map((file) => file.path)).toEqual(['/srv/shop/src/app/api/health/route.ts']);
    expect(repository.variables).toContain('APP_ENVIRONMENT');
    expect(script?.path).toBe('/srv/shop/app/api/health/route.js');
    expect(stripTypeScriptTypes(files[0]?.text ?? '').replace(/\s+;/, ';')).toBe(script?.text);
    expect(script?.text).toMatch(
      /^import \{ connection \} from 'next\/server';\n\nexport async function GET\(\) \{\n  await connection\(\);\n/m,
    );
    expect(withHealthRoute({ ...next, healthRoute: 'a' }, path).files).toEqual([]);
    expect(() => withHealthRoute(bare, path)).toThrow(expect.objectContaining({ code: 'INIT_HEALTH_UNKNOWN' }));
  });
});

describe('the health route of an older Next.js', () => {
  it('says so by the setting that there was before connection()', () => {
    const router = { folder: 'app', typescript: true, nextMajor: 14 };

    const [file] = withHealthRoute(
      { ...bare, framework: { slug: 'nextjs', name: 'Next.js', publicPrefix: 'NEXT_PUBLIC_' }, router },
      (name) => name,
    ).files;

    expect(file?.text).toContain("export const dynamic = 'force-dynamic';");
    expect(file?.text).not.toContain('connection');
  });
});

describe('what comes next', () => {
  it('works without an account, and begins with the health route where the app could have one', () => {
    const router = { folder: 'app', typescript: true, nextMajor: 16 };

    expect(nextSteps({ ...bare, router })[0]).toBe('init --health --keep');
    expect(nextSteps(bare)).toEqual(['doctor --target local', 'plan --target local', 'up --target local']);
  });
});

describe('.env.staging', () => {
  it('keeps what it holds, to the letter, and names only what it lacks', () => {
    const mine = 'VERCEL_TOKEN=abc\n#UPSTASH_EMAIL=\nexport MINE="1"';

    const text = envTemplate(mine, ['UPSTASH_EMAIL', 'VERCEL_ORG_ID', 'VERCEL_TOKEN', 'MINE', 'TOKEN'], { VERCEL_ORG_ID: 'team_1' });

    expect(text).toBe(`${mine}\n\n# Vercel: team settings, General, Team ID\nVERCEL_ORG_ID=team_1\n# TOKEN=\n`);
    expect(envTemplate(text, ['TOKEN'], {})).toBe(text);
  });
});

describe('.gitignore', () => {
  it.each([
    ['nothing', undefined, ['.env.staging', '.env.staging.local', '.jv-staging/', '.vercel/']],
    ['other spellings', '/.vercel\n.env*\n.jv-staging\n', []],
    ['a line that is taken back', '.env*\n!.env.staging\n.vercel\n.jv-staging\n', ['.env.staging']],
    ['an end without a line feed', 'node_modules\n.env.*', ['.jv-staging/', '.vercel/']],
  ])('with %s gets the lines that it lacks', (_what, before, lines) => {
    const after = withIgnoredLines(before);

    expect(after.startsWith(before ?? '')).toBe(true);
    expect(
      after
        .slice(before?.length ?? 0)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#')),
    ).toEqual(lines);
    expect(withIgnoredLines(after)).toBe(after);
  });
});
