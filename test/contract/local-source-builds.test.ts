import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureCloud } from '../../src/local/lifecycle.ts';
import type { TestCloud } from '../support/local-cloud.ts';
import { cloudOptions, startTestCloud } from '../support/local-cloud.ts';
import { requires } from '../support/requires.ts';
import { until } from '../support/until.ts';
import type { Files } from '../support/vercel-client.ts';
import { vercelClient, visit } from '../support/vercel-client.ts';

let cloud: TestCloud;
let vercel: ReturnType<typeof vercelClient>;

beforeAll(async () => {
  cloud = await startTestCloud();
  vercel = vercelClient(cloud.endpoints);
}, 60_000);
afterAll(() => cloud.stop(), 30_000);

const page = (host: unknown, path?: string) => visit(cloud.endpoints, String(host), path);

/** A project without dependencies whose build runs `script`. */
function project(script: string): Files {
  return { 'package.json': JSON.stringify({ name: 'site', private: true, scripts: { build: 'node build.js' } }), 'build.js': script };
}

const plainBuild = project(`require('fs').mkdirSync('public'); require('fs').writeFileSync('public/index.html', '<h1>built</h1>');`);

/** Installs nothing: npm alone takes half a second. */
async function createProject(name: string, settings: Readonly<Record<string, unknown>> = { installCommand: '' }) {
  expect((await vercel.call('POST', '/v11/projects', { name, ...settings })).status).toBe(200);
}

async function built(name: string, files: Files, more?: Readonly<Record<string, unknown>>) {
  const created = await vercel.deploy(name, files, more);
  expect(created.status).toBe(200);
  return (await vercel.settled(created.body['id'])).body;
}

async function logOf(id: unknown): Promise<string> {
  const events: readonly { readonly text: string }[] = Object((await vercel.call('GET', `/v3/deployments/${String(id)}/events`)).body);
  return events.map(({ text }) => text).join('\n');
}

async function stateOf(id: unknown): Promise<unknown> {
  return (await vercel.call('GET', `/v13/deployments/${String(id)}`)).body['readyState'];
}

/** Processes whose command line contains the text. */
async function processesWith(text: string): Promise<readonly string[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const lines = await Promise.all(numbers.map((number) => readFile(`/proc/${number}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(text));
}

describe('a deployment from sources', () => {
  it('is installed, built and served, with the variables of its target alone', async () => {
    await createProject('builds', {});
    await vercel.call('POST', '/v10/projects/builds/env', [
      { key: 'GREETING', value: 'hello', type: 'sensitive', target: ['production'] },
      { key: 'OTHER', value: 'no', type: 'plain', target: ['preview'] },
    ]);
    const script = `
      const { mkdirSync, writeFileSync } = require('fs');
      mkdirSync('public');
      console.log('said by the build');
      writeFileSync('public/env.json', JSON.stringify({ env: process.env, uid: process.getuid(), cwd: process.cwd() }));
      writeFileSync('public/index.html', '<h1>' + process.env.GREETING + '</h1>');`;
    const deployment = await built('builds', {
      ...project(script),
      'package-lock.json': '{"name":"site","lockfileVersion":3,"packages":{}}',
    });

    expect(deployment).toMatchObject({ readyState: 'READY', aliasAssigned: true });
    expect((await page(deployment['url'])).text).toBe('<h1>hello</h1>');
    expect((await page('builds.vercel.app')).text).toBe('<h1>hello</h1>');
    const log = await logOf(deployment['id']);
    expect(log).toMatch(/Running "install" command: `npm install`[^]*Running "npm run build"[^]*said by the build[^]*Deployment completed/);
    const seen: { env: Record<string, string>; uid: number } = JSON.parse((await page(deployment['url'], '/env.json')).text);
    expect(seen.env).toMatchObject({ GREETING: 'hello', CI: '1', VERCEL: '1', VERCEL_ENV: 'production', VERCEL_URL: deployment['url'] });
    expect(seen.env).not.toHaveProperty('OTHER');
    expect(seen.env).not.toHaveProperty('NODE_ENV', 'production');
    expect(JSON.stringify(seen.env)).not.toContain(cloud.endpoints.vercel.token);
    expect(seen.uid === 0, 'builds as root').toBe(false);
    const { body } = await vercel.call('GET', `/v11/deployments/${String(deployment['id'])}/builds`);
    expect(body['builds']).toMatchObject([{ readyState: 'READY', deploymentId: deployment['id'] }]);
  }, 30_000);

  it('runs what the build wrote to .vercel/output', async () => {
    await createProject('outputs');
    const script = `
      const { mkdirSync, writeFileSync } = require('fs');
      mkdirSync('.vercel/output/functions/api/hi.func', { recursive: true });
      writeFileSync('.vercel/output/config.json', '{"version":3}');
      writeFileSync('.vercel/output/functions/api/hi.func/.vc-config.json', '{"runtime":"nodejs24.x","handler":"index.js","launcherType":"Nodejs"}');
      writeFileSync('.vercel/output/functions/api/hi.func/index.js', 'module.exports = (req, res) => res.end("function of the build");');`;
    const deployment = await built('outputs', project(script));
    expect(await page(deployment['url'], '/api/hi')).toMatchObject({ status: 200, text: 'function of the build' });
  });

  it('is served as it is where there is nothing to build, by the rules of vercel.json', async () => {
    await createProject('plain');
    const deployment = await built('plain', {
      'index.html': 'home',
      'about.html': 'about',
      'package.json': '{"name":"secret"}',
      '.env': 'A=1',
      'vercel.json': JSON.stringify({
        cleanUrls: true,
        redirects: [{ source: '/old', destination: '/about' }],
        rewrites: [{ source: '/me/:name', destination: '/about' }],
        headers: [{ source: '/(.*)', headers: [{ key: 'x-from', value: 'vercel.json' }] }],
      }),
    });
    expect(await page(deployment['url'])).toMatchObject({ text: 'home', headers: { 'x-from': 'vercel.json' } });
    expect((await page(deployment['url'], '/about')).text).toBe('about');
    expect((await page(deployment['url'], '/me/anybody')).text).toBe('about');
    expect(await page(deployment['url'], '/old')).toMatchObject({ status: 308, headers: { location: '/about' } });
    for (const path of ['/package.json', '/.env', '/vercel.json']) expect((await page(deployment['url'], path)).status).toBe(404);
  });

  it("goes by the project's settings: folder, commands, output directory, framework", async () => {
    await createProject('settings', {
      installCommand: 'echo installed > note',
      buildCommand: 'mkdir -p out && cp note out/index.html',
      outputDirectory: 'out',
      rootDirectory: 'apps/web',
    });
    expect((await page((await built('settings', { 'apps/web/README.md': 'x' }))['url'])).text).toBe('installed\n');
    await createProject('preset', { framework: 'vite', installCommand: '', buildCommand: 'mkdir dist && echo preset > dist/index.html' });
    expect((await page((await built('preset', { 'README.md': 'x' }))['url'])).text).toBe('preset\n');
  });

  it.each([
    [
      'the build fails',
      project(`console.error('this is why'); process.exit(3);`),
      'BUILD_UTILS_SPAWN_3',
      'Command "npm run build" exited with 3',
      'this is why',
    ],
    [
      'there is no output',
      project(`console.log('nothing written')`),
      'STATIC_BUILD_NO_OUT_DIR',
      'No Output Directory named "public" found after the Build completed.',
      'nothing written',
    ],
    ['vercel.json is no JSON', { 'vercel.json': '{' }, 'BUILD_FAILED', 'vercel.json is not JSON.', 'Downloading'],
  ])('ends in ERROR, with its log, when %s', async (_when, files, errorCode, errorMessage, said) => {
    const name = `fails-${errorCode.toLowerCase().replaceAll('_', '-')}`;
    await createProject(name);
    const deployment = await built(name, files);
    expect(deployment).toMatchObject({
      readyState: 'ERROR',
      errorCode,
      errorMessage: expect.stringContaining(errorMessage),
      aliasAssigned: false,
    });
    const log = await logOf(deployment['id']);
    expect(log).toContain(said);
    expect(log).toContain(errorMessage);
    expect((await page(`${name}.vercel.app`)).status).toBe(404);
  });

  it('never serves a file that the build itself may not read', async () => {
    await createProject('thief');
    const secret = join(cloud.stateDir, 'endpoints.json');
    const deployment = await built(
      'thief',
      project(`require('fs').mkdirSync('public'); require('fs').symlinkSync(${JSON.stringify(secret)}, 'public/x');`),
    );
    expect(deployment).toMatchObject({ readyState: 'ERROR', errorMessage: expect.stringContaining('points out of the deployment') });
  });

  it('streams its log while it builds', async () => {
    await createProject('follows');
    const script = `console.log('first'); setTimeout(() => { require('fs').mkdirSync('public'); console.log('last'); }, 1500);`;
    const created = await vercel.deploy('follows', project(script));
    const { apiUrl, token } = cloud.endpoints.vercel;
    const url = `${apiUrl}/v3/now/deployments/${String(created.body['id'])}/events?direction=forward&follow=1&format=lines`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const states: unknown[] = [];
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"first"') && states.length === 0) states.push(await stateOf(created.body['id']));
    }
    expect(states).toEqual(['BUILDING']);
    expect(text).toContain('"text":"last"');
    const serials = text
      .trim()
      .split('\n')
      .map((line) => Number(JSON.parse(line).serial));
    expect(serials).toEqual(serials.map((_serial, index) => index));
  }, 20_000);

  it('builds again on redeploy, with the variables of now', async () => {
    await createProject('again');
    const script = `require('fs').mkdirSync('public'); require('fs').writeFileSync('public/index.html', String(process.env.NOW));`;
    const variable = { key: 'NOW', value: 'one', type: 'plain', target: ['production'] };
    await vercel.call('POST', '/v10/projects/again/env', variable);
    const first = await built('again', project(script));
    await vercel.call('POST', '/v10/projects/again/env?upsert=true', { ...variable, value: 'two' });
    const redeployed = await vercel.call('POST', '/v13/deployments?forceNew=1', {
      name: 'again',
      deploymentId: first['id'],
      target: 'production',
    });
    const second = (await vercel.settled(redeployed.body['id'])).body;
    expect((await page(first['url'])).text).toBe('one');
    expect((await page(second['url'])).text).toBe('two');
  });

  it('can be canceled: its processes end and it never becomes ready', async () => {
    await createProject('cancels');
    const script = `require('child_process').spawn('sleep', ['4711.25'], { detached: true, stdio: 'ignore' }); setInterval(() => {}, 1000);`;
    const created = await vercel.deploy('cancels', project(script));
    const id = String(created.body['id']);
    await until('the build’s process', async () => ((await processesWith('4711.25')).length > 0 ? true : undefined));
    const answer = await vercel.call('PATCH', `/v12/deployments/${id}/cancel`);
    expect(answer).toMatchObject({ status: 200, body: { readyState: 'CANCELED' } });
    await until('the end of its processes', async () => ((await processesWith('4711.25')).length === 0 ? true : undefined));
    expect(await stateOf(id)).toBe('CANCELED');
    expect((await vercel.call('PATCH', `/v12/deployments/${id}/cancel`)).status).toBe(400);
  }, 20_000);
});

describe('a deployment from git', () => {
  let repository: string;

  beforeAll(async () => {
    repository = join(await mkdtemp(join(tmpdir(), 'jv-git-')), 'acme', 'site');
  });
  afterAll(() => rm(dirname(dirname(repository)), { recursive: true, force: true }));

  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', repository, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.test', ...args], {
      encoding: 'utf8',
    }).trim();

  async function commit(files: Files, message: string): Promise<string> {
    await mkdir(repository, { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(join(repository, file), content);
    git('add', '-A');
    git('commit', '--quiet', '-m', message);
    return git('rev-parse', 'HEAD');
  }

  requires('git')(
    'is made from the branch of a repository on this machine',
    async () => {
      await mkdir(repository, { recursive: true });
      git('init', '--quiet', '--initial-branch=main');
      const sha = await commit(plainBuild, 'First release');
      await createProject('from-git');
      const linked = await vercel.call('POST', '/v9/projects/from-git/link', {
        type: 'github',
        repo: 'acme/site',
        remote: pathToFileURL(repository).href,
      });
      expect(linked.body['link']).toMatchObject({ type: 'github', org: 'acme', repo: 'site', repoId: expect.any(Number) });
      expect(JSON.stringify(linked.body)).not.toContain(repository);
      const { repoId } = Object(linked.body['link']);

      for (const gitSource of [
        { type: 'github', repoId, ref: 'main' },
        { type: 'github', org: 'Acme', repo: 'site', ref: 'main', sha },
      ]) {
        const created = await vercel.call('POST', '/v13/deployments', { name: 'from-git', target: 'production', gitSource });
        const deployment = (await vercel.settled(created.body['id'])).body;
        expect(deployment).toMatchObject({
          readyState: 'READY',
          gitSource: { type: 'github', repoId, ref: 'main', sha },
          meta: { githubCommitSha: sha, githubCommitRef: 'main', githubCommitMessage: 'First release', githubCommitAuthorName: 'Ada' },
        });
        expect((await page(deployment['url'])).text).toBe('<h1>built</h1>');
        expect(await logOf(deployment['id'])).toContain(`Cloning https://github.com/acme/site (Branch: main, Commit: ${sha.slice(0, 7)})`);
      }
      const second = await commit(
        { 'build.js': `require('fs').mkdirSync('public'); require('fs').writeFileSync('public/index.html', 'second');` },
        'Second',
      );
      const [latest] = Object((await vercel.call('GET', '/v6/deployments?app=from-git&limit=1')).body['deployments']);
      const again = await vercel.call('POST', '/v13/deployments', { name: 'from-git', deploymentId: latest.uid, withLatestCommit: true });
      expect((await vercel.settled(again.body['id'])).body).toMatchObject({ meta: { githubCommitSha: second } });
      expect((await page(again.body['url'])).text).toBe('second');
    },
    30_000,
  );

  requires('git')("is refused with the vendor's error for what is not there", async () => {
    await createProject('no-git');
    const ask = (gitSource: unknown) => vercel.call('POST', '/v13/deployments', { name: 'no-git', gitSource });
    const wrong = {
      status: 400,
      body: { error: { code: 'incorrect_git_source_info', message: "The provided GitHub repository can't be found." } },
    };
    expect(await ask({ type: 'github', repoId: 42, ref: 'main' })).toMatchObject(wrong);
    expect(await ask({ type: 'github', org: 'acme', repo: 'nothing', ref: 'main' })).toMatchObject(wrong);
    await vercel.call('POST', '/v9/projects/no-git/link', {
      type: 'github',
      repo: 'acme/elsewhere',
      remote: pathToFileURL(repository).href,
    });
    expect(await ask({ type: 'github', org: 'acme', repo: 'elsewhere', ref: 'gone' })).toMatchObject({
      status: 400,
      body: { error: { code: 'incorrect_git_source_info' } },
    });
    expect((await ask({ type: 'github', org: 'acme', repo: 'elsewhere', ref: '--upload-pack=x' })).status).toBe(400);
    expect((await vercel.call('GET', '/v6/deployments?app=no-git')).body['deployments']).toEqual([]);
  });
});

describe('after kill -9', () => {
  it('has ended the build’s processes, and the next start builds again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jv-go-'));
    await chmod(folder, 0o755);
    await createProject('resumes');
    const script = `
      const { existsSync, mkdirSync, writeFileSync } = require('fs');
      if (!existsSync(${JSON.stringify(folder)} + '/go')) require('child_process').execSync('sleep 4712.5');
      mkdirSync('public');
      writeFileSync('public/index.html', 'resumed');`;
    const finished = await built('resumes', plainBuild, { target: 'preview' });
    const created = await vercel.deploy('resumes', project(script));
    await until('the build’s process', async () => ((await processesWith('4712.5')).length > 0 ? true : undefined));
    process.kill(cloud.endpoints.pid, 'SIGKILL');
    await until('the end of its processes', async () => ((await processesWith('4712.5')).length === 0 ? true : undefined));
    await writeFile(join(folder, 'go'), '');
    await ensureCloud(cloudOptions(cloud.stateDir));
    const deployment = (await vercel.settled(created.body['id'])).body;
    expect(deployment).toMatchObject({ readyState: 'READY' });
    expect((await page(deployment['url'])).text).toBe('resumed');
    expect((await page(finished['url'])).text).toBe('<h1>built</h1>');
    await rm(folder, { recursive: true });
  }, 60_000);
});
