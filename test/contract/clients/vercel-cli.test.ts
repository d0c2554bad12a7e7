import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { requires } from '../../support/requires.ts';
import { tinyApp } from '../../support/tiny-app.ts';
import type { VercelCli } from '../../support/vercel-cli.ts';
import { vercelCli } from '../../support/vercel-cli.ts';
import { vercelClient, visit } from '../../support/vercel-client.ts';
import type { VercelCloud } from '../../support/vercel-cloud.ts';
import { startVercelCloud } from '../../support/vercel-cloud.ts';

/** The vendor's own command line, unchanged; what it did is read back by the API, from the files it wrote, and from the live app. */
const it = requires('vercel-cli');
const domain = 'shop.example.com';

// Each command is a Node process of a second: many of them on a busy machine take minutes.
vi.setConfig({ testTimeout: 300_000 });

let cloud: VercelCloud;
let cli: VercelCli;
let api: ReturnType<typeof vercelClient>;

beforeAll(async () => {
  cloud = await startVercelCloud();
  cli = await vercelCli(cloud);
  api = vercelClient(cloud);
});

afterAll(async () => {
  await cli.remove();
  await cloud.stop();
});

const read = async (path: string) => (await api.call('GET', path)).body;
const settings = async (file: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(cli.dir, '.vercel', file), 'utf8'));
const text = async (file: string) => await readFile(join(cli.dir, file), 'utf8');
/** What the deployed app says of itself at a host name. */
const shown = async (host: string): Promise<{ readonly marker: string; readonly env: Readonly<Record<string, string>> }> =>
  JSON.parse((await visit(cloud, host, '/api/env')).text);
/** Deploys the app that says `marker`; returns its host name, the last line that the command printed. */
const deploy = async (marker: string, ...args: readonly string[]) => {
  await cli.write(tinyApp(marker));
  return hostOf(await cli.ok('deploy', '--prebuilt', '--yes', ...args));
};
const hostOf = (output: string) => (output.split('\n').at(-1) ?? '').replace('https://', '');
/** Returns the environment variables of the project by key. */
const variables = async () => {
  const body = await read('/v10/projects/shop/env');
  const envs = Array.isArray(body['envs']) ? body['envs'] : [];
  return Object.fromEntries(envs.map((env) => [env.key, env]));
};

describe('the vercel command line: projects', () => {
  it('says who is asking, and to whom a wrong token does not belong', async () => {
    const name = await cli.ok('whoami');
    const stranger = await vercelCli({ vercel: { ...cloud.vercel, token: 'jvlocal_wrong' } });
    const refused = await stranger.run('whoami');
    await stranger.remove();

    expect(name).toBe('jvlocal');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('token');
  });

  it('adds, links and pulls a project', async () => {
    await cli.ok('project', 'add', 'shop');
    await cli.ok('link', '--yes', '--project', 'shop');
    const project = await read('/v9/projects/shop');
    await api.call('POST', '/v10/projects/shop/env', { key: 'PULLED', value: 'by pull', type: 'plain', target: ['preview'] });
    await cli.ok('pull', '--yes', '--environment=preview');

    expect(await settings('project.json')).toMatchObject({ projectId: project['id'], orgId: cloud.vercel.teamId, projectName: 'shop' });
    expect(await text('.vercel/.env.preview.local')).toContain('PULLED="by pull"');
    expect(await cli.ok('project', 'ls', '--json')).toContain('"shop"');
  });

  it('connects a git repository, and lets it go', async () => {
    await cli.ok('git', 'connect', 'https://github.com/acme/shop', '--yes');
    const connected = await read('/v9/projects/shop');
    await cli.ok('git', 'disconnect', '--yes');

    expect(connected['link']).toMatchObject({ type: 'github', org: 'acme', repo: 'shop', productionBranch: 'main' });
    expect((await read('/v9/projects/shop'))['link']).toBeUndefined();
  });
});

describe('the vercel command line: environment variables', () => {
  it('adds a readable, a secret, a branch’s own and one of a custom environment', async () => {
    await api.call('POST', '/v9/projects/shop/custom-environments', { slug: 'staging' });

    await cli.ok('env', 'add', 'PLAIN', 'preview', '--value', 'one', '--type', 'config', '--yes');
    await cli.ok('env', 'add', 'HIDDEN', 'production', '--value', 'two', '--yes');
    await cli.ok('env', 'add', 'PLAIN', 'preview', 'feature-x', '--value', 'of the branch', '--type', 'config', '--yes');
    await cli.ok('env', 'add', 'STAGED', 'staging', '--value', 'three', '--type', 'config', '--yes');

    const envs = (await read('/v10/projects/shop/env'))['envs'];
    expect(envs).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: 'PLAIN', value: 'one', type: 'encrypted', target: ['preview'] }),
        expect.objectContaining({ key: 'HIDDEN', value: '', type: 'sensitive', target: ['production'] }),
        expect.objectContaining({ key: 'PLAIN', value: 'of the branch', gitBranch: 'feature-x' }),
        expect.objectContaining({ key: 'STAGED', target: [], customEnvironmentIds: [expect.stringMatching(/^env_/)] }),
      ]),
    );
  });

  it('lists and pulls them, the secret one without its value', async () => {
    const listed = await cli.ok('env', 'ls');
    await cli.ok('env', 'pull', 'staging.env', '--environment=staging', '--yes');
    await cli.ok('env', 'pull', 'branch.env', '--environment=preview', '--git-branch=feature-x', '--yes');
    await cli.ok('env', 'pull', 'production.env', '--environment=production', '--yes');

    expect(listed).toMatch(/HIDDEN\s+Hidden\s+Secret\s+Production/);
    expect(listed).toMatch(/STAGED\s+three\s+Config\s+staging/);
    expect(await text('staging.env')).toContain('STAGED="three"');
    expect(await text('branch.env')).toContain('PLAIN="of the branch"');
    expect(await text('production.env')).not.toContain('two');
  });

  it('updates and removes', async () => {
    await cli.ok('env', 'update', 'STAGED', 'staging', '--value', 'four', '--yes');
    await cli.ok('env', 'rm', 'HIDDEN', 'production', '--yes');
    const refused = await cli.run('env', 'add', 'STAGED', 'staging', '--value', 'again', '--type', 'config', '--yes');

    expect((await variables())['STAGED'].value).toBe('four');
    expect((await variables())['HIDDEN']).toBeUndefined();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('already');
  });
});

describe('the vercel command line: deployments', () => {
  const hosts: Record<string, string> = {};

  it('adds a domain and says of it what there is', async () => {
    await cli.ok('domains', 'add', domain, 'shop');
    const inspected = await cli.run('domains', 'inspect', domain);
    const listed = await cli.ok('domains', 'ls', '--json');

    expect(await read(`/v9/projects/shop/domains/${domain}`)).toMatchObject({ name: domain, verified: true });
    expect(inspected.code).toBe(0);
    expect(inspected.stderr).toMatch(/shop\s+shop\.example\.com/);
    expect(listed).toContain('"example.com"');
  });

  it('proves a domain that another account uses by the TXT record that it is told', async () => {
    const name = 'www.taken.example';
    await cli.ok('domains', 'add', name, 'shop');
    const told = await cli.run('domains', 'verify', name, '--project', 'shop');
    const record = /TXT _vercel\.taken\.example "(.+)"/.exec(told.stderr)?.[1] ?? '';
    await cli.ok('dns', 'add', 'taken.example', '_vercel', 'TXT', record);
    await cli.ok('domains', 'verify', name, '--project', 'shop');

    expect(told.code).toBe(1);
    expect(record).toMatch(/^vc-domain-verify=www\.taken\.example,[0-9a-f]{20}$/);
    expect(await read(`/v9/projects/shop/domains/${name}`)).toMatchObject({ verified: true });
  });

  it('deploys to production: the domain shows the app with the variables of production', async () => {
    await api.call('POST', '/v10/projects/shop/env', { key: 'WHERE', value: 'in production', type: 'plain', target: ['production'] });

    hosts['one'] = await deploy('one', '--prod');

    expect(await shown(domain)).toMatchObject({ marker: 'one', env: { WHERE: 'in production', VERCEL_ENV: 'production' } });
    expect((await visit(cloud, hosts['one'])).text).toContain('one');
    // A function that is a link to another, uploaded by the client as a link.
    expect((await visit(cloud, domain, '/api/linked')).text).toContain('"marker":"one"');
  });

  it('deploys to a custom environment, which does not take the domain', async () => {
    hosts['staged'] = await deploy('staged', '--target=staging', '-m', 'ticket=42');

    const deployment = await read(`/v13/deployments/${hosts['staged']}`);
    expect(deployment).toMatchObject({ target: null, customEnvironment: { slug: 'staging' }, meta: { ticket: '42' } });
    expect(await shown(hosts['staged'])).toMatchObject({
      marker: 'staged',
      env: { STAGED: 'four', VERCEL_ENV: 'preview', VERCEL_TARGET_ENV: 'staging' },
    });
    expect((await shown(domain)).marker).toBe('one');
  });

  it('inspects and lists', async () => {
    const inspected = await cli.run('inspect', hosts['one'] ?? '');
    const logs = await cli.run('inspect', hosts['one'] ?? '', '--logs');
    const listed = await cli.run('ls');
    const byMeta = await cli.ok('ls', '--meta', 'ticket=42');

    expect(inspected.stderr).toMatch(/status\s+● Ready/);
    expect(inspected.stderr).toContain(`https://${domain}`);
    expect(logs.stderr).toContain('Deployment completed');
    expect(listed.stdout.trim().split('\n').map(hostOf)).toEqual([hosts['staged'], hosts['one']]);
    expect(listed.stderr).toMatch(/Production/);
    expect(byMeta).toBe(`https://${hosts['staged']}`);
  });

  it('prints what the functions wrote', async () => {
    await visit(cloud, hosts['one'] ?? '', '/api/env?throw');

    const printed = await cli.ok('logs', '--deployment', hosts['one'] ?? '');
    const asJson = await cli.ok('logs', '--deployment', hosts['one'] ?? '', '--query', 'level:error AND planned', '--json');

    expect(printed).toMatch(/error\s+function\s+.*planned/);
    const [first, last] = [asJson.split('\n')[0] ?? '', asJson.split('\n').at(-1) ?? ''];
    expect(JSON.parse(first)).toMatchObject({ type: 'log', data: { level: 'error', environment: 'production' } });
    expect(JSON.parse(last)).toMatchObject({ type: 'summary' });
  });

  it('rolls back, says so, and promotes again', async () => {
    hosts['two'] = await deploy('two', '--prod');
    const before = (await shown(domain)).marker;

    await cli.ok('rollback', hosts['one'] ?? '', '--yes');
    const status = await cli.run('rollback', 'status');
    const [after, pinned] = [(await shown(domain)).marker, await read('/v9/projects/shop')];
    await cli.ok('promote', hosts['two'], '--yes');

    expect([before, after]).toEqual(['two', 'one']);
    expect(status.stderr).toContain(`was rolled back to ${hosts['one']}`);
    expect(pinned['autoAssignCustomDomains']).toBe(false);
    expect((await shown(domain)).marker).toBe('two');
    expect((await read('/v9/projects/shop'))['autoAssignCustomDomains']).toBe(true);
  });

  it('promotes a deployment of another environment by building it anew for production', async () => {
    await cli.ok('promote', hosts['staged'] ?? '', '--yes');

    const [newest] = await deployments('target=production');
    await api.settled(newest?.uid);
    expect(newest?.meta).toMatchObject({ action: 'promote' });
    expect(await shown(domain)).toMatchObject({ marker: 'staged', env: { WHERE: 'in production', VERCEL_TARGET_ENV: 'production' } });
  });

  it('redeploys with the variables of now', async () => {
    await api.call('POST', '/v10/projects/shop/env?upsert=true', { key: 'WHERE', value: 'later', type: 'plain', target: ['production'] });

    const again = hostOf(await cli.ok('redeploy', hosts['one'] ?? ''));

    expect(again).not.toBe(hosts['one']);
    expect(await shown(again)).toMatchObject({ marker: 'one', env: { WHERE: 'later' } });
    expect((await shown(hosts['one'] ?? '')).env['WHERE']).toBe('in production');
    expect((await shown(domain)).marker).toBe('one');
  });

  it('keeps the environment of what it redeploys', async () => {
    const again = hostOf(await cli.ok('redeploy', hosts['staged'] ?? ''));

    expect((await shown(again)).env).toMatchObject({ STAGED: 'four', VERCEL_TARGET_ENV: 'staging' });
  });

  it('sets, lists and removes an alias', async () => {
    await cli.ok('alias', 'set', hosts['two'] ?? '', 'two.example.com');
    const page = (await visit(cloud, 'two.example.com')).text;
    const listed = await cli.ok('alias', 'ls');
    await cli.ok('alias', 'rm', 'two.example.com', '--yes');

    expect(page).toContain('two');
    expect(listed).toMatch(new RegExp(`${hosts['two']}\\s+two\\.example\\.com`));
    expect((await visit(cloud, 'two.example.com')).status).toBe(404);
  });

  it('removes a deployment, and a domain', async () => {
    await cli.ok('remove', hosts['staged'] ?? '', '--yes');
    await cli.ok('domains', 'rm', 'example.com', '--yes');

    expect((await visit(cloud, hosts['staged'] ?? '')).status).toBe(404);
    expect((await api.call('GET', `/v13/deployments/${hosts['staged']}`)).status).toBe(404);
    expect((await visit(cloud, domain)).status).toBe(404);
  });
});

async function deployments(query: string): Promise<readonly { readonly uid: string; readonly meta: unknown }[]> {
  const body = await read(`/v6/deployments?${query}`);
  return Array.isArray(body['deployments']) ? body['deployments'] : [];
}
