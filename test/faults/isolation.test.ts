import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const endpointsShape = z.object({ control: z.object({ url: z.string(), token: z.string() }) });
const logShape = z.object({ lines: z.array(z.object({ service: z.string(), method: z.string(), path: z.string() })) });
const worldShape = z.object({ supabaseRef: z.string(), redisId: z.string() });
const detailsShape = z.object({
  details: z.object({ points: z.array(z.object({ id: z.string(), verdict: z.string(), evidence: z.string() })) }),
});

/** Production's credentials by mistake, on the local cloud with its production world: nothing is written by any command. */
describe('an environment that shares something with production', () => {
  const it = requires('git', 'redis-server');
  let project: StagingProject;
  let sample = '';

  beforeAll(async () => {
    project = await createStagingProject();
    const own = "  production: {\n    storage: ['jetvision-uploads'],\n    mail: ['smtp.jetvision-assistant.com'],\n";
    sample = (await readFile(join(project.dir, 'sample.config.ts'), 'utf8')).replace('  production: {\n', own);
    await writeFile(join(project.dir, 'sample.config.ts'), sample);
    const provision = await project.run(['provision']);
    expect(provision.exitCode, provision.stderr).toBe(0);
  });
  afterAll(async () => {
    await project.remove();
  });

  /** Every call to an emulated vendor so far that changes something. */
  const changes = async (): Promise<readonly string[]> => {
    const { control } = endpointsShape.parse(JSON.parse(await readFile(join(project.stateDir, 'local/endpoints.json'), 'utf8')));
    const answer = await fetch(`${control.url}/_local/log`, { headers: { authorization: `Bearer ${control.token}` } });
    const { lines } = logShape.parse(await answer.json());
    const isRead = ({ method, path }: (typeof lines)[number]) => method === 'GET' || method === 'HEAD' || path.endsWith('/query/read-only');
    return lines.filter((line) => !isRead(line)).map(({ method, path }) => `${method} ${path}`);
  };
  const world = async () => worldShape.parse(JSON.parse(await readFile(join(project.stateDir, 'local/production.json'), 'utf8')));
  const ports = async () =>
    z.record(z.string(), z.number()).parse(JSON.parse(await readFile(join(project.stateDir, 'local/ports.json'), 'utf8')));
  /** Replaces a variable's source in the configuration and gives it this value in the environment file. */
  const setVariable = async (name: string, value: string) => {
    const line = new RegExp(`^    ${name}: .*$`, 'm');
    const declared = `    ${name}: { value: env('BROKEN_VALUE'), class: 'secret' },`;
    const text = line.test(sample) ? sample.replace(line, declared) : sample.replace('  env: {\n', `  env: {\n${declared}\n`);
    await writeFile(join(project.dir, 'sample.config.ts'), text);
    const file = join(project.dir, '.env.staging.local');
    const kept = (await readFile(file, 'utf8')).replace(/^BROKEN_VALUE=.*\n/m, '');
    await writeFile(file, `${kept}BROKEN_VALUE=${value}\n`);
  };

  it('passes in everything before anything is broken: the local production is known without being configured', async () => {
    const run = await project.run(['doctor', 'isolation', '--json']);

    expect(run.exitCode, run.stdout).toBe(0);
    expect(run.json(detailsShape).data.details.points.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(
      ['database', 'redis', 'clerk', 'payment', 'sentry', 'storage', 'mail', 'webhooks', 'secrets'].map((id) => `${id} pass`),
    );
  });

  const broken: readonly (readonly [point: string, variable: string, value: () => Promise<string>])[] = [
    [
      'database',
      'DATABASE_URL',
      async () =>
        `postgresql://postgres.${(await world()).supabaseRef}:canary-secret@127.0.0.1:${(await ports())['postgres'] ?? 0}/${(await world()).supabaseRef}`,
    ],
    [
      'redis',
      'REDIS_URL',
      async () => `redis://default:canary-secret@127.0.0.1:${(await ports())[`redis-${(await world()).redisId}`] ?? 0}`,
    ],
    ['payment', 'STRIPE_SECRET_KEY', async () => 'sk_live_canary-secret'],
    ['clerk', 'CLERK_SECRET_KEY', async () => 'sk_live_canary-secret'],
    ['sentry', 'SENTRY_ENVIRONMENT', async () => 'production'],
    ['storage', 'S3_BUCKET', async () => 'jetvision-uploads'],
    ['mail', 'SMTP_HOST', async () => 'smtp.jetvision-assistant.com'],
    ['webhooks', 'BOOKING_WEBHOOK_URL', async () => 'https://www.jetvision-assistant.com/hooks'],
  ];

  for (const [point, variable, value] of broken) {
    it(`is refused before any write with 6: ${point}`, async () => {
      await setVariable(variable, await value());
      const before = await changes();

      const examined = await project.run(['doctor', 'isolation', '--json']);
      const runs = [examined, await project.run(['provision', '--json']), await project.run(['seed', '--json'])];

      for (const run of runs) {
        expect(run).toMatchObject({ exitCode: 6 });
        expect(`${run.stdout}${run.stderr}`).not.toContain('canary-secret');
      }
      expect(JSON.parse(examined.stdout)).toMatchObject({ ok: false, error: { code: 'ISOLATION_BROKEN' } });
      expect(await changes()).toEqual(before);
    });
  }
});
