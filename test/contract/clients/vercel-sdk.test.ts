import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { requires } from '../../support/requires.ts';
import { tinyApp } from '../../support/tiny-app.ts';
import { sha1, vercelClient, visit } from '../../support/vercel-client.ts';
import type { VercelCloud } from '../../support/vercel-cloud.ts';
import { startVercelCloud } from '../../support/vercel-cloud.ts';
import type { VercelSdk } from '../../support/vercel-sdk.ts';
import { vercelSdk } from '../../support/vercel-sdk.ts';

/** The vendor's own library, unchanged: it throws where an answer has not the shape that its own types promise. */
const it = requires('vercel-cli');
const idOrName = 'sdk-shop';

let cloud: VercelCloud;
let vercel: VercelSdk;
let api: ReturnType<typeof vercelClient>;
let teamId: string;

beforeAll(async () => {
  cloud = await startVercelCloud();
  vercel = await vercelSdk(cloud);
  api = vercelClient(cloud);
  teamId = cloud.vercel.teamId;
});

afterAll(async () => {
  await cloud.stop();
});

const read = async (path: string) => (await api.call('GET', path)).body;
/** The app that says `marker`, its files inline: what no upload is needed for. */
const files = (marker: string) =>
  Object.entries(tinyApp(marker))
    .filter(([file]) => !file.endsWith('.func'))
    .map(([file, data]) => ({ file, data, encoding: 'utf-8' as const }));
/** Creates a deployment and waits until it is live. */
const deployed = async (
  marker: string,
  more: { readonly target?: string; readonly customEnvironmentSlugOrId?: string; readonly branch?: string } = {},
) => {
  const { branch, ...rest } = more;
  const gitMetadata = branch === undefined ? {} : { gitMetadata: { commitRef: branch, commitSha: sha1(branch) } };
  const created = await vercel.deployments.createDeployment({
    teamId,
    requestBody: { name: idOrName, project: idOrName, files: files(marker), meta: { marker }, ...gitMetadata, ...rest },
  });
  await api.settled(created.id);
  return created;
};

describe('@vercel/sdk: account and projects', () => {
  it('knows the user and the team', async () => {
    const { user } = await vercel.user.getAuthUser();
    const { teams } = await vercel.teams.getTeams({});

    expect(user).toMatchObject({ username: 'jvlocal', defaultTeamId: teamId });
    expect(teams).toEqual([expect.objectContaining({ id: teamId, slug: 'jv-local' })]);
    expect(await vercel.teams.getTeam({ teamId })).toMatchObject({ id: teamId });
  });

  it('creates, changes and lists projects', async () => {
    const initial = { key: 'INITIAL', value: '1', target: 'production', type: 'plain' } as const;
    const project = await vercel.projects.createProject({ teamId, requestBody: { name: idOrName, environmentVariables: [initial] } });
    await vercel.projects.updateProject({ idOrName, teamId, requestBody: { nodeVersion: '22.x', buildCommand: 'npm run build' } });
    await vercel.projects.createProject({ teamId, requestBody: { name: 'another' } });

    expect(await vercel.projects.getProject({ idOrName, teamId })).toMatchObject({
      id: project.id,
      nodeVersion: '22.x',
      buildCommand: 'npm run build',
    });
    expect(JSON.stringify(await vercel.projects.getProjects({ teamId, search: 'sdk' }))).not.toContain('"another"');
    await vercel.projects.deleteProject({ idOrName: 'another', teamId });
    expect((await api.call('GET', '/v9/projects/another')).status).toBe(404);
  });

  it('is told how many requests are left', async () => {
    const [first, second] = [await api.call('GET', '/v2/user'), await api.call('GET', '/v9/projects/nope')];
    const left = (answer: typeof first) => Number(answer.headers.get('x-ratelimit-remaining'));

    expect(second.status).toBe(404);
    expect(left(first) - left(second)).toBe(1);
    expect(Number(first.headers.get('x-ratelimit-limit'))).toBeGreaterThan(left(first));
    expect(Number(first.headers.get('x-ratelimit-reset')) * 1000).toBeGreaterThan(Date.now() - 1000);
  });

  it('tells the vendor’s errors apart', async () => {
    const missing = await vercel.projects.getProject({ idOrName: 'nope', teamId }).catch((error: unknown) => error);
    const taken = await vercel.projects.createProject({ teamId, requestBody: { name: idOrName } }).catch((error: unknown) => error);
    const stranger = await vercelSdk({ vercel: { ...cloud.vercel, token: 'wrong' } });
    const refused = await stranger.user.getAuthUser().catch((error: unknown) => error);

    expect(missing).toMatchObject({ statusCode: 404, body: expect.stringContaining('"not_found"') });
    expect(taken).toMatchObject({ statusCode: 409, body: expect.stringContaining('"conflict"') });
    expect(refused).toMatchObject({ statusCode: 403, body: expect.stringContaining('"invalidToken":true') });
  });
});

describe('@vercel/sdk: environments and their variables', () => {
  it('creates, changes and removes a custom environment with its variables', async () => {
    const created = await vercel.environment.createCustomEnvironment({
      idOrName,
      teamId,
      requestBody: { slug: 'staging', branchMatcher: { type: 'equals', pattern: 'develop' }, copyEnvVarsFrom: 'production' },
    });
    await vercel.environment.updateCustomEnvironment({
      idOrName,
      environmentSlugOrId: 'staging',
      teamId,
      requestBody: { description: 'for all' },
    });
    await vercel.environment.createCustomEnvironment({ idOrName, teamId, requestBody: { slug: 'qa' } });
    const qa = await vercel.environment.getCustomEnvironment({ idOrName, environmentSlugOrId: 'qa', teamId });
    await variable({ key: 'ONLY_QA', type: 'plain', target: [], customEnvironmentIds: [qa.id] });
    await vercel.environment.removeCustomEnvironment({
      idOrName,
      environmentSlugOrId: 'qa',
      teamId,
      requestBody: { deleteUnassignedEnvironmentVariables: true },
    });

    const { environments } = await read(`/v9/projects/${idOrName}/custom-environments`);
    expect(environments).toEqual([
      expect.objectContaining({ id: created.id, description: 'for all', branchMatcher: { type: 'equals', pattern: 'develop' } }),
    ]);
    expect(await keys()).toEqual(['INITIAL']);
    expect(JSON.stringify(await read(`/v3/env/pull/${idOrName}/staging`))).toContain('"INITIAL":"1"');
  });

  it('upserts one, creates a batch of which one fails, edits, and removes a batch', async () => {
    await variable({ key: 'A', value: 'first', type: 'encrypted', target: ['preview'] });
    await variable({ key: 'A', value: 'second', type: 'encrypted', target: ['preview'] });
    const batch = await vercel.projects.createProjectEnv({
      idOrName,
      teamId,
      requestBody: [
        { key: 'B', value: 'secret', type: 'sensitive', target: ['production'] },
        { key: 'A', value: 'third', type: 'plain', target: ['preview'] },
        { key: 'C', value: 'of a branch', type: 'plain', target: ['preview'], gitBranch: 'feature-x' },
      ],
    });
    const { envs } = await vercel.projects.filterProjectEnvs({ idOrName, teamId, decrypt: 'true' });
    const idOf = (key: string) => envs.find((env) => env.key === key)?.id ?? '';
    await vercel.projects.editProjectEnv({ idOrName, id: idOf('C'), teamId, requestBody: { value: 'edited', comment: 'why' } });
    const edited = await vercel.projects.getProjectEnv({ idOrName, id: idOf('C'), teamId });
    await vercel.projects.batchRemoveProjectEnv({ idOrName, teamId, requestBody: { ids: [idOf('B'), idOf('C')] } });

    expect(batch.failed).toEqual([{ error: expect.objectContaining({ code: 'ENV_CONFLICT', key: 'A' }) }]);
    expect(envs).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: 'A', value: 'second' }),
        expect.objectContaining({ key: 'B', value: '', type: 'sensitive' }),
      ]),
    );
    expect(edited).toMatchObject({ value: 'edited', comment: 'why', gitBranch: 'feature-x' });
    expect(await keys()).toEqual(['A', 'INITIAL']);
  });

  const variable = async (more: {
    readonly key: string;
    readonly value?: string;
    readonly type: 'plain' | 'encrypted';
    readonly target: ('production' | 'preview')[];
    readonly customEnvironmentIds?: string[];
  }) => await vercel.projects.createProjectEnv({ idOrName, teamId, upsert: 'true', requestBody: { value: '1', ...more } });
  const keys = async () => {
    const { envs } = await read(`/v10/projects/${idOrName}/env`);
    return Array.isArray(envs) ? envs.map((env) => String(env.key)).toSorted() : [];
  };
});

describe('@vercel/sdk: domains', () => {
  it('proves a domain that another account uses by its TXT record', async () => {
    const name = 'shop.taken.example';
    const added = await vercel.projects.addProjectDomain({ idOrName, teamId, requestBody: { name } });
    const [challenge] = added.verification ?? [];
    const verify = async () => await vercel.projects.verifyProjectDomain({ idOrName, domain: name, teamId });

    const tooEarly = await verify().catch((error: unknown) => error);
    const config = await vercel.domains.getDomainConfig({ domain: name, teamId });
    await vercel.dns.createRecord({
      domain: 'taken.example',
      teamId,
      requestBody: { type: 'TXT', name: '_vercel', value: 'vc-domain-verify=other', ttl: 60 },
    });
    const wrong = await verify().catch((error: unknown) => error);
    await vercel.dns.createRecord({
      domain: 'taken.example',
      teamId,
      requestBody: { type: 'TXT', name: '_vercel', value: challenge?.value ?? '', ttl: 60 },
    });
    const proven = await verify();

    expect(added.verified).toBe(false);
    expect(challenge).toMatchObject({ type: 'TXT', domain: '_vercel.taken.example', reason: 'pending_domain_verification' });
    expect(tooEarly).toMatchObject({ statusCode: 400, body: expect.stringContaining('missing_txt_record') });
    expect(config).toMatchObject({ misconfigured: false, configuredBy: 'CNAME' });
    expect(wrong).toMatchObject({ statusCode: 400 });
    expect(proven.verified).toBe(true);
    expect((await vercel.domains.getDomains({ teamId })).domains.map((domain) => domain.name)).toContain('taken.example');
    await vercel.projects.removeProjectDomain({ idOrName, domain: name, teamId });
    expect((await api.call('GET', `/v9/projects/${idOrName}/domains/${name}`)).status).toBe(404);
  });

  it('adds, moves to a branch, redirects and lists', async () => {
    await vercel.projects.addProjectDomain({ idOrName, teamId, requestBody: { name: 'www.example.com' } });
    await vercel.projects.addProjectDomain({
      idOrName,
      teamId,
      requestBody: { name: 'example.com', redirect: 'www.example.com', redirectStatusCode: 308 },
    });
    await vercel.projects.addProjectDomain({ idOrName, teamId, requestBody: { name: 'next.example.com' } });
    await vercel.projects.updateProjectDomain({ idOrName, domain: 'next.example.com', teamId, requestBody: { gitBranch: 'next' } });

    const { domains } = await vercel.projects.getProjectDomains({ idOrName, teamId });
    expect(domains.map((domain) => domain.name)).toEqual(['www.example.com', 'example.com', 'next.example.com']);
    expect(await vercel.projects.getProjectDomain({ idOrName, domain: 'next.example.com', teamId })).toMatchObject({ gitBranch: 'next' });
    const redirected = await visit(cloud, 'example.com', '/a?b=1');
    expect([redirected.status, redirected.headers['location']]).toEqual([308, 'https://www.example.com/a?b=1']);
  });
});

describe('@vercel/sdk: deployments', () => {
  const ids: Record<string, string> = {};

  it('deploys to production, to a branch and to a custom environment', async () => {
    ids['one'] = (await deployed('one', { target: 'production' })).id;
    ids['next'] = (await deployed('next', { branch: 'next' })).id;
    ids['staged'] = (await deployed('staged', { customEnvironmentSlugOrId: 'staging' })).id;

    expect((await visit(cloud, 'www.example.com')).text).toContain('one');
    expect((await visit(cloud, 'next.example.com')).text).toContain('next');
    expect(await vercel.deployments.getDeployment({ idOrUrl: ids['staged'], teamId })).toMatchObject({ readyState: 'READY', target: null });
  });

  it('uploads a file by its sha1, and says which are missing', async () => {
    const upload = (digest: string) =>
      vercel.deployments.uploadFile({ teamId, contentLength: 3, xNowSize: 3, xVercelDigest: digest, requestBody: new Blob(['abc']) });
    const missing = await vercel.deployments
      .createDeployment({ teamId, requestBody: { name: idOrName, files: [{ file: 'a', sha: sha1('abd'), size: 3 }] } })
      .catch((error: unknown) => error);
    const wrong = await upload(sha1('other')).catch((error: unknown) => error);

    expect(await upload(sha1('abc'))).toEqual({ urls: [] });
    expect(missing).toMatchObject({
      statusCode: 400,
      body: expect.stringContaining(`"missing_files","message":"Missing files","missing":["${sha1('abd')}"]`),
    });
    expect(wrong).toMatchObject({ statusCode: 400 });
  });

  it('lists by page, target, branch, state and meta', async () => {
    const list = async (more: object) =>
      (await vercel.deployments.getDeployments({ projectId: idOrName, teamId, ...more })).deployments.map((one) => one.uid);
    const first = await vercel.deployments.getDeployments({ projectId: idOrName, teamId, limit: 2 });
    const second = await list({ limit: 2, until: Number(first.pagination.next) });

    expect([...first.deployments.map((one) => one.uid), ...second]).toEqual([ids['staged'], ids['next'], ids['one']]);
    expect(await list({ target: 'production' })).toEqual([ids['one']]);
    expect(await list({ branch: 'next' })).toEqual([ids['next']]);
    expect(await list({ state: 'ERROR' })).toEqual([]);
    expect(await list({ rollbackCandidate: true })).toEqual([ids['one']]);
  });

  it('tells what the build and the functions wrote', async () => {
    await visit(cloud, 'www.example.com', '/api/env?throw');
    const events = await vercel.deployments.getDeploymentEvents({ idOrUrl: ids['one'] ?? '', teamId });
    const stream = await api.raw(`/v1/projects/${idOrName}/deployments/${ids['one']}/runtime-logs`);

    expect(JSON.stringify(events)).toContain('Deployment completed');
    expect(
      stream
        .split('\n')
        .filter((row) => row !== '')
        .map((row) => JSON.parse(row)),
    ).toEqual(expect.arrayContaining([expect.objectContaining({ level: 'error', message: expect.stringContaining('planned') })]));
  });

  it('cancels one that is not ready', async () => {
    const created = await vercel.deployments.createDeployment({ teamId, requestBody: { name: idOrName, files: files('canceled') } });
    const canceled = await vercel.deployments.cancelDeployment({ id: created.id, teamId });
    await sleep(300);

    expect(canceled.readyState).toBe('CANCELED');
    expect(await read(`/v13/deployments/${created.id}`)).toMatchObject({ readyState: 'CANCELED' });
    expect((await visit(cloud, created.url)).status).not.toBe(200);
  });

  it('assigns, reads, lists and deletes aliases', async () => {
    const assigned = await vercel.aliases.assignAlias({ id: ids['staged'] ?? '', teamId, requestBody: { alias: 'qa.example.com' } });
    const again = await vercel.aliases.assignAlias({ id: ids['one'] ?? '', teamId, requestBody: { alias: 'qa.example.com' } });
    const { aliases } = await vercel.aliases.listAliases({ teamId });

    expect(again).toMatchObject({ uid: assigned.uid, oldDeploymentId: ids['staged'] });
    expect((await visit(cloud, 'qa.example.com')).text).toContain('one');
    expect(aliases.map((alias) => alias.alias)).toContain('qa.example.com');
    expect(await vercel.aliases.getAlias({ idOrAlias: 'qa.example.com', teamId })).toMatchObject({ deploymentId: ids['one'] });
    await vercel.aliases.deleteAlias({ aliasId: 'qa.example.com', teamId });
    expect((await visit(cloud, 'qa.example.com')).status).toBe(404);
  });

  it('rolls back and promotes, and tells how far it is', async () => {
    ids['two'] = (await deployed('two', { target: 'production' })).id;
    await vercel.projects.requestRollback({ projectId: idOrName, deploymentId: ids['one'] ?? '', teamId });
    const under = await read(`/v9/projects/${idOrName}?rollbackInfo=true`);
    const busy = await vercel.projects
      .requestPromote({ projectId: idOrName, deploymentId: ids['two'], teamId })
      .catch((error: unknown) => error);
    const done = await api.moved(idOrName);
    const page = (await visit(cloud, 'www.example.com')).text;
    const { id: three } = await deployed('three', { target: 'production' });
    const pinned = (await visit(cloud, 'www.example.com')).text;
    await vercel.projects.requestPromote({ projectId: idOrName, deploymentId: three, teamId });
    await api.moved(idOrName);

    expect(under['lastAliasRequest']).toMatchObject({ type: 'rollback', jobStatus: expect.stringMatching(/pending|in-progress/) });
    expect(busy).toMatchObject({ statusCode: 409 });
    expect(done.body).toMatchObject({
      autoAssignCustomDomains: false,
      lastAliasRequest: { jobStatus: 'succeeded', toDeploymentId: ids['one'] },
    });
    expect(page).toContain('one');
    expect(pinned).toContain('one');
    expect((await visit(cloud, 'www.example.com')).text).toContain('three');
    expect(JSON.stringify(await vercel.projects.listPromoteAliases({ projectId: idOrName, teamId }))).toContain('www.example.com');
  });

  it('redeploys in the environment of the original', async () => {
    const again = await vercel.deployments.createDeployment({ teamId, requestBody: { name: idOrName, deploymentId: ids['staged'] ?? '' } });
    await api.settled(again.id);

    expect(await read(`/v13/deployments/${again.id}`)).toMatchObject({
      customEnvironment: { slug: 'staging' },
      meta: { marker: 'staged' },
    });
    expect((await visit(cloud, again.url)).text).toContain('staged');
  });

  it('deletes', async () => {
    const gone = await read(`/v13/deployments/${ids['two']}`);
    await vercel.deployments.deleteDeployment({ id: ids['two'] ?? '', teamId });

    expect((await visit(cloud, String(gone['url']))).status).toBe(404);
  });
});

describe('@vercel/sdk: deployment protection', () => {
  it('asks visitors of previews to log in, and lets automation through', async () => {
    const { url } = await deployed('hidden');
    await vercel.projects.updateProject({
      idOrName,
      teamId,
      requestBody: { ssoProtection: { deploymentType: 'prod_deployment_urls_and_all_previews' } },
    });
    const { protectionBypass } = await vercel.projects.updateProjectProtectionBypass({
      idOrName,
      teamId,
      requestBody: { generate: { note: 'ci' } },
    });
    const [secret = ''] = Object.keys(protectionBypass);

    const wall = await visit(cloud, url);
    const open = await visit(cloud, 'www.example.com');
    const byHeader = await visit(cloud, url, '/', { headers: { 'x-vercel-protection-bypass': secret } });
    const byQuery = await visit(cloud, url, `/?x-vercel-protection-bypass=${secret}`);
    const wrong = await visit(cloud, url, '/', { headers: { 'x-vercel-protection-bypass': 'x'.repeat(32) } });
    const given = await visit(cloud, url, `/about?a=1&x-vercel-protection-bypass=${secret}&x-vercel-set-bypass-cookie=true`);
    const cookie = String(given.headers['set-cookie']).split(';')[0] ?? '';
    const byCookie = await visit(cloud, url, '/about?a=1', { headers: { cookie } });
    await vercel.projects.updateProjectProtectionBypass({ idOrName, teamId, requestBody: { revoke: { secret, regenerate: true } } });
    const revoked = await visit(cloud, url, '/', { headers: { cookie, 'x-vercel-protection-bypass': secret } });

    expect([wall.status, open.status, wrong.status]).toEqual([401, 200, 401]);
    expect(wall.text).toContain(`https://vercel.com/sso-api?url=${encodeURIComponent(`https://${url}/`)}`);
    expect(wall.text).not.toContain('hidden');
    expect(wall.headers).toMatchObject({ 'cache-control': 'no-store, max-age=0', 'x-robots-tag': 'noindex' });
    expect([byHeader.text, byQuery.text]).toEqual(['<h1>hidden</h1>', '<h1>hidden</h1>']);
    expect([given.status, given.headers['location']]).toEqual([307, '/about?a=1']);
    expect(byCookie.text).toBe('about hidden');
    expect(revoked.status).toBe(401);
  });

  it('keeps WebSockets of strangers out', async () => {
    const { url } = await read('/v13/deployments/next.example.com');
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': '13' };

    expect((await visit(cloud, String(url), '/ws', { headers: upgrade })).status).toBe(401);
  });

  it('covers what its scope says', async () => {
    const { url } = await read(`/v13/deployments/www.example.com`);
    const statuses = async (deploymentType: 'all' | 'preview' | 'all_except_custom_domains') => {
      await vercel.projects.updateProject({ idOrName, teamId, requestBody: { ssoProtection: { deploymentType } } });
      const hosts = ['www.example.com', `${idOrName}.vercel.app`, String(url), 'next.example.com'];
      return await Promise.all(hosts.map(async (host) => (await visit(cloud, host)).status));
    };

    expect(await statuses('all')).toEqual([401, 401, 401, 401]);
    expect(await statuses('preview')).toEqual([200, 200, 200, 401]);
    expect(await statuses('all_except_custom_domains')).toEqual([200, 401, 401, 401]);
    await vercel.projects.updateProject({ idOrName, teamId, requestBody: { ssoProtection: null } });
    expect((await visit(cloud, 'next.example.com')).status).toBe(200);
  });
});
