import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { npmEnvironment } from '../../src/config/environment.ts';
import { removeCloud } from '../support/local-cloud.ts';
import { runProcess } from '../support/run-process.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
let base: string;
let installed: string;
let reach: Record<string, string>;

/** npm beside the Node that runs us, else the one on PATH. */
const npm = async (args: readonly string[], cwd: string) => (await run('npm', [...args], { cwd, maxBuffer: 1e8 })).stdout;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'jv-package-'));
  const [cache, userconfig] = (await npm(['config', 'get', 'cache', 'userconfig'], root))
    .trim()
    .split('\n')
    .map((line) => line.slice(line.indexOf('=') + 1));
  reach = {
    ...npmEnvironment(),
    npm_config_cache: cache ?? '',
    npm_config_userconfig: userconfig ?? '',
    npm_config_prefer_offline: 'true',
  };
  const [{ filename }] = JSON.parse(await npm(['pack', '--json', '--pack-destination', base], root));
  await npm(
    ['install', '--global', '--prefix', join(base, 'global'), '--no-audit', '--no-fund', '--prefer-offline', join(base, filename)],
    base,
  );
  installed = join(base, 'global/bin/jv-staging');
  await mkdir(join(base, 'work'));
}, 180_000);
afterAll(async () => {
  await removeCloud(join(base, 'work/.jv-staging/local')).catch(() => undefined);
  await rm(base, { recursive: true, force: true });
});

/** The installed tool, as a user with an empty home folder who reaches npm's registry as we do. */
async function tool(args: readonly string[], env: Record<string, string> = {}, cwd = join(base, 'work')) {
  const path = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin'].join(':');
  const own = { ...reach, PATH: path, HOME: join(base, 'home') };
  return runProcess(installed, args, { cwd, env: { ...own, ...env } });
}

describe('the package as npm installs it', () => {
  test('takes at most 60 MB, and tells its version', async () => {
    const bytes = await bytesBelow(join(base, 'global'));

    expect(Math.round(bytes / 1e6)).toBeLessThanOrEqual(60);
    expect(bytes).toBeGreaterThan(10e6);
    expect(await tool(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^jv-staging\/\d/) });
  });

  test('a part that cannot be installed is named, with what npm said and what mends it', async () => {
    const nowhere = { npm_config_registry: 'http://127.0.0.1:9/', npm_config_cache: join(base, 'empty'), npm_config_fetch_retries: '0' };

    const ended = await tool(['local', 'start', '--json'], { ...nowhere, npm_config_prefer_offline: 'false' });

    expect(ended.code).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: {
        code: 'PART_NOT_INSTALLED',
        message: expect.stringMatching(
          /^The local cloud could not be installed into .*parts\/local-[0-9a-f]{12}: .*(?:ECONNREFUSED|127\.0\.0\.1:9)/,
        ),
        fix: expect.stringContaining('jv-staging doctor --install local'),
      },
    });
    expect(await readdir(join(base, 'home/.jv-staging/parts')).catch(() => [])).toEqual([]);
  });

  test('the local cloud is installed with its first start, once', async () => {
    const before = JSON.parse((await tool(['doctor', '--json'])).stdout);
    const first = await tool(['local', 'start']);
    const status = await tool(['local', 'status', '--json']);
    const again = await tool(['local', 'start']);

    expect(before.data.findings).toContainEqual(expect.objectContaining({ id: 'part-local', verdict: 'skipped' }));
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('Packages of the local cloud: done') });
    expect(JSON.parse(status.stdout)).toMatchObject({ data: { running: true } });
    expect(again).toMatchObject({ code: 0, stderr: '' });
  }, 240_000);
});

describe('init of the installed package, in an app of Next.js', () => {
  test('knows the framework and writes a configuration, with nothing but what npm installed', async () => {
    const app = join(base, 'next-app');
    await cp(join(root, 'test/clients/next-app'), app, {
      recursive: true,
      filter: (path) => !/node_modules|[/]\.(?:next|vercel)/.test(path),
    });

    const init = await tool(['init', '--yes', '--health', '--json'], {}, app);
    const config = await readFile(join(app, 'staging.config.ts'), 'utf8').catch(() => '');

    expect(init, init.stdout).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(init.stdout).data.seen).toContain('app: Next.js, in this folder');
    expect(config).toContain("framework: 'nextjs'");
  }, 60_000);
});

describe('init --sample of the installed package', () => {
  test('is what the doctor finds well, up puts out on the local target, and the gate judges, outside of git too', async () => {
    const init = await tool(['init', '--sample', '--json']);
    const doctor = await tool(['doctor', '--json']);
    const up = await tool(['up', ...['provision', 'deploy', 'seed'].flatMap((stage) => ['--only', stage]), '--json']);
    const gate = await tool(['gate', '--json']);

    expect(
      [init, doctor, up].map(({ code }) => code),
      up.stdout,
    ).toEqual([0, 0, 0]);
    expect(gate.code).toBe(5);
    const { entries } = JSON.parse(gate.stdout).data.details;
    expect(entries).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'AC-4', verdict: 'passed' })]));
  }, 240_000);
});

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? await bytesBelow(path) : entry.isFile() ? (await stat(path)).size : 0;
  }
  return bytes;
}
