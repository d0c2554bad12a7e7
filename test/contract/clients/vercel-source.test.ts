import { afterAll, beforeAll, describe, expect } from 'vitest';
import { requires } from '../../support/requires.ts';
import type { VercelCli } from '../../support/vercel-cli.ts';
import { vercelCli } from '../../support/vercel-cli.ts';
import { vercelClient, visit } from '../../support/vercel-client.ts';
import type { VercelCloud } from '../../support/vercel-cloud.ts';
import { startVercelCloud } from '../../support/vercel-cloud.ts';

/** The vendor's own command line, unchanged, deploys a folder that is not prebuilt. */
const it = requires('vercel-cli');

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

const site = (script: string) => ({
  'package.json': JSON.stringify({ name: 'site', private: true, scripts: { build: 'node build.js' } }),
  'build.js': script,
});

describe('vercel deploy of a source folder', () => {
  it('builds it and serves the result', async () => {
    await cli.ok('project', 'add', 'site');
    await cli.ok('link', '--yes', '--project', 'site');
    await api.call('POST', '/v10/projects/site/env', { key: 'WHO', value: 'world', type: 'plain', target: ['production'] });
    await cli.write(
      site(`require('fs').mkdirSync('public'); console.log('said while building');
        require('fs').writeFileSync('public/index.html', 'hello ' + process.env.WHO);`),
    );

    const host = (await cli.ok('deploy', '--prod', '--yes')).split('\n').at(-1)?.replace('https://', '') ?? '';

    expect((await visit(cloud, host)).text).toBe('hello world');
    expect((await visit(cloud, 'site.vercel.app')).text).toBe('hello world');
    const { stdout, stderr } = await cli.run('inspect', host, '--logs');
    expect(stdout + stderr).toContain('said while building');
    expect(stdout + stderr).toContain('Running "npm run build"');
  }, 90_000);

  it('ends with an error that names the command when the build fails', async () => {
    await cli.write(site(`console.error('this is why'); process.exit(4);`));

    const { code, stdout, stderr } = await cli.run('deploy', '--prod', '--yes');

    expect(code).toBe(1);
    expect(stdout + stderr).toContain('Command "npm run build" exited with 4');
    expect((await visit(cloud, 'site.vercel.app')).text).toBe('hello world');
  }, 90_000);
});
