import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { bullmqPauses } from '../../src/adapters/bullmq/bullmq-pauses.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { cloudStatus } from '../../src/local/lifecycle.ts';
import { localPlatforms } from '../../src/wiring/platforms.ts';
import { requires } from '../support/requires.ts';
import { createSmallProject, type SmallProject } from '../support/small-project.ts';

const preload = join(resolve(import.meta.dirname, '../..'), 'test/support/kill-at.ts');
const points = ['before', 'sent', 'replied'] as const;
/** `npm run sweep` takes every point of every step; a test run takes one a step, another one each day. */
const isWhole = process.env['JV_SWEEP'] === 'all';
const seed = Number(process.env['JV_SWEEP_SEED'] ?? Math.floor(Date.now() / 86_400_000));
const { signal } = new AbortController();
const name = 'jetvision-staging';

const statusShape = z.object({
  liveDeployment: z.string(),
  recordMatches: z.boolean(),
  unrecorded: z.array(z.string()),
  autoAssignDomains: z.boolean(),
  variablesNotLive: z.array(z.string()),
  migrations: z.object({ head: z.string() }),
  releases: z.array(
    z.object({ id: z.string(), kind: z.string(), gitSha: z.string(), vercelDeploymentId: z.string(), previous: z.string().nullable() }),
  ),
});

/** Both ways of a release, killed at every step of their journals: the next run carries on. */
describe('a release that is killed on its way', () => {
  const it = requires('git', 'redis-server');
  let project: SmallProject;
  let count = 0;

  beforeAll(async () => {
    project = await createSmallProject();
    await project.app('first', ['id', 'body']);
    await project.commit('first');
    for (const command of [['provision'], ['deploy']]) {
      const run = await project.run([...command, '--json']);
      expect(run, run.stdout).toMatchObject({ exitCode: 0 });
    }
  }, 240_000);
  afterAll(() => project.remove());

  const status = async () => (await project.run(['status', '--json'])).json(statusShape).data;
  const killed = async (args: readonly string[], at: string) => {
    const run = await project.run([...args, '--json'], { env: { KILL_AT: at, NODE_OPTIONS: `--import ${preload}` } });
    return run.stdout === '' ? undefined : `it was not killed: ${run.stdout} ${run.stderr}`;
  };
  /** Steps that the newest journal announced, in order. */
  const announced = async (): Promise<readonly string[]> => {
    const folder = join(project.stateDir, 'journal');
    const newest =
      (await readdir(folder))
        .filter((file) => file.endsWith('.jsonl'))
        .toSorted()
        .at(-1) ?? '';
    const lines = (await readFile(join(folder, newest), 'utf8')).trim().split('\n');
    const entries = lines.map((line) => z.object({ path: z.string(), phase: z.string() }).parse(JSON.parse(line)));
    return entries.filter((entry) => entry.phase === 'intent').map(({ path }) => path);
  };
  /** Every step with its points: one of them, or all. */
  const casesOf = (steps: readonly string[]) =>
    steps.flatMap((step, at) =>
      points.filter((_, place) => isWhole || place === (at + seed) % points.length).map((point) => `${step} ${point}`),
    );
  /** Makes a commit whose deploy applies a migration of its own. */
  const commit = async (): Promise<string> => {
    count += 1;
    const file = `${20260102000000 + count}_index_${count}.sql`;
    // Old code runs beside it, and it is more than an addition: a restore point is taken first.
    await project.migration(file, `create index notes_${count} on notes (body);\n`, `drop index notes_${count};\n`);
    await project.app(`release ${count}`, ['id', 'body']);
    return await project.commit(`release ${count}`);
  };
  const sweep = async (steps: readonly string[], one: (at: string) => Promise<string>, what: string) => {
    const cases = casesOf(steps);
    const outcomes: string[] = [];
    for (const at of cases) outcomes.push(`${at}: ${await one(at)}`);
    console.info(
      `kill sweep of ${what}: ${steps.length} steps × ${isWhole ? points.length : 1} points, seed ${seed}\n  ${outcomes.join('\n  ')}`,
    );
    expect(outcomes.filter((line) => !line.endsWith(': converged'))).toEqual([]);
  };
  const inCloud = async <Value>(
    ask: (platforms: ReturnType<typeof localPlatforms>, projectId: string) => Promise<Value>,
  ): Promise<Value> => {
    const { endpoints } = await cloudStatus({ stateDir: join(project.stateDir, 'local') });
    if (endpoints === undefined) throw new Error('The local cloud does not run.');
    const platforms = localPlatforms(endpoints, systemClock);
    try {
      const found = await platforms.projects.find(name, signal);
      return await ask(platforms, found?.id ?? '');
    } finally {
      await platforms.close();
    }
  };

  it('is deployed by the next run, with the deployment that was there', async () => {
    await commit();
    expect(await project.run(['deploy', '--json'])).toMatchObject({ exitCode: 0 });
    const steps = await announced();
    expect(steps).toEqual(['upload', 'restore-point', 'migrate', 'move-domain', 'record']);

    await sweep(
      steps,
      async (at) => {
        const sha = await commit();
        const problem = await killed(['deploy'], at);
        if (problem !== undefined) return problem;
        const again = await project.run(['deploy', '--json']);
        if (again.exitCode !== 0) return `the next run ended with ${again.exitCode}: ${again.stdout}`;
        const made = await inCloud((platforms, id) => platforms.deployments.findByMeta(id, { githubCommitSha: sha }, signal));
        const now = await status();
        const records = now.releases.filter(({ gitSha }) => gitSha === sha);
        // The record of the run that was killed stood there already: the next run is a release of its own.
        const expected = at === 'record replied' || (at === 'record sent' && records.length === 2) ? 2 : 1;
        const seen = `${records.length} records, ${made.length} deployments, live ${now.liveDeployment === records[0]?.vercelDeploymentId}`;
        return seen === `${expected} records, ${expected} deployments, live true` ? 'converged' : seen;
      },
      'deploy',
    );
  }, 1_800_000);

  it('is rolled back by the next run: domain, variables, queues and record', async () => {
    const [later] = (await status()).releases;
    const earlier = await status().then(({ releases }) => releases.find(({ id }) => id === later?.previous));
    expect(earlier).toBeDefined();
    await commit();
    await inCloud((platforms, id) =>
      platforms.projects.setVariables(id, [{ name: 'LOG_LEVEL', value: 'info', class: 'public', fingerprint: 'f'.repeat(64) }], signal),
    );
    const newest = await project.run(['deploy', '--json']);
    expect(newest, newest.stdout).toMatchObject({ exitCode: 0 });
    const [live] = (await status()).releases;
    expect(await project.run(['rollback', '--json'])).toMatchObject({ exitCode: 0 });
    const steps = await announced();
    expect(steps).toEqual(['pause-queues', 'move-domain', 'variables', 'resume-queues', 'record']);

    await sweep(
      steps,
      async (at) => {
        const forward = await project.run(['rollback', '--to', live?.id ?? '', '--json']);
        if (forward.exitCode !== 0) return `it did not go forward: ${forward.stdout}`;
        await inCloud((platforms, id) =>
          platforms.projects.setVariables(id, [{ name: 'LOG_LEVEL', value: 'info', class: 'public', fingerprint: 'f'.repeat(64) }], signal),
        );
        const problem = await killed(['rollback'], at);
        if (problem !== undefined) return problem;
        const again = await project.run(['rollback', '--json']);
        if (again.exitCode !== 0) return `the next run ended with ${again.exitCode}: ${again.stdout}`;
        const now = await status();
        const values = await inCloud((platforms, id) => platforms.projects.readableValues(id, signal));
        const held = await paused();
        const seen = `live ${now.liveDeployment === later?.vercelDeploymentId}, LOG_LEVEL ${values['LOG_LEVEL']}, paused ${held.join(' ')}, ${now.releases[0]?.kind}`;
        return seen === 'live true, LOG_LEVEL debug, paused , rollback' ? 'converged' : seen;
      },
      'rollback',
    );
  }, 1_800_000);

  it('is taken back once, whether the record of the rollback that was killed stands or not', async () => {
    for (const marker of ['older', 'old', 'new']) {
      await project.app(marker, ['id', 'body']);
      await project.commit(marker);
      const deployed = await project.run(['deploy', '--json']);
      expect(deployed, deployed.stdout).toMatchObject({ exitCode: 0 });
    }
    const [newest, old] = (await status()).releases;
    const seen: string[] = [];

    for (const point of ['before', 'replied', 'journaled']) {
      const forward = await project.run(['rollback', '--to', newest?.id ?? '', '--json']);
      const before = (await status()).releases.length;
      const problem = await killed(['rollback'], `record ${point}`);
      const stood = (await status()).releases.length - before;
      const again = await project.run(['rollback', '--json']);
      const { releases, liveDeployment } = await status();
      const live = liveDeployment === old?.vercelDeploymentId ? 'the one before' : 'another';
      const codes = `${forward.exitCode}, ${problem ?? 'killed'}, ${again.exitCode}`;
      seen.push(`${point}: ${codes}; ${stood} records, then ${releases.length - before}, and ${live} is live`);
    }

    const rest = 'then 1, and the one before is live';
    expect(seen).toEqual([
      `before: 3, killed, 0; 0 records, ${rest}`,
      `replied: 0, killed, 0; 1 records, ${rest}`,
      `journaled: 0, killed, 0; 1 records, ${rest}`,
    ]);
  }, 600_000);

  it('is recorded from its deployment’s own meta when the deploy was killed before its record, and when all records are lost', async () => {
    const before = await status();
    await commit();
    expect(await killed(['deploy'], 'record before')).toBeUndefined();

    const unrecorded = await status();
    const back = await project.run(['rollback', '--json']);
    expect(back, back.stdout).toMatchObject({ exitCode: 0 });
    const after = await status();
    const [point] = await project.query(`select record->>'restorePoint' as id from jv_staging.releases order by seq desc offset 1 limit 1`);
    await project.query('drop schema jv_staging cascade');
    const forward = await project.run(['deploy', '--json']);
    expect(forward, forward.stdout).toMatchObject({ exitCode: 0 });
    const lost = await status();

    expect(unrecorded).toMatchObject({ recordMatches: false, unrecorded: [unrecorded.releases[0]?.id] });
    expect(after).toMatchObject({ recordMatches: true, unrecorded: [], liveDeployment: before.liveDeployment });
    expect(after.releases.slice(0, 3).map(({ kind, vercelDeploymentId }) => `${kind} ${vercelDeploymentId}`)).toEqual([
      `rollback ${before.liveDeployment}`,
      `deploy ${unrecorded.liveDeployment}`,
      `${before.releases[0]?.kind} ${before.liveDeployment}`,
    ]);
    expect(point).toMatchObject({ id: expect.stringMatching(/^dump_/) });
    expect(lost).toMatchObject({ recordMatches: true, unrecorded: [] });
    expect(lost.releases[0]?.previous).toBe(lost.releases[1]?.id);
    expect(lost.releases[1]?.vercelDeploymentId).toBe(before.liveDeployment);
  }, 600_000);

  it('is taken back with its schema by the next run, and forward again, wherever its database steps were killed', async () => {
    count += 1;
    const version = String(20260102000000 + count);
    await project.migration(`${version}_mark.sql`, 'alter table notes add column mark text;\n', 'alter table notes drop column mark;\n');
    await project.app('marked', ['id', 'body']);
    await project.commit('marked');
    const [earlier] = (await status()).releases;
    const deployed = await project.run(['deploy', '--rehearse', '--json']);
    expect(deployed, deployed.stdout).toMatchObject({ exitCode: 0 });
    const [marked] = (await status()).releases;
    const back = ['rollback'];
    const forward = ['rollback', '--to', marked?.id ?? ''];
    /** Where the domain and the schema stand. */
    const standing = async () => {
      const { liveDeployment, migrations } = await status();
      const columns = await project.query(`select from information_schema.columns where table_name = 'notes' and column_name = 'mark'`);
      const live =
        liveDeployment === marked?.vercelDeploymentId ? 'marked' : liveDeployment === earlier?.vercelDeploymentId ? 'earlier' : '?';
      return `${live}, column ${columns.length}, ledger ${migrations.head === version}`;
    };

    await sweep(
      ['database', 'apply'],
      async (at) => {
        const isBack = at.startsWith('database');
        if (!isBack) await project.run(back);
        const problem = await killed(isBack ? back : forward, at);
        if (problem !== undefined) return problem;
        const again = await project.run([...(isBack ? back : forward), '--json']);
        if (again.exitCode !== 0) return `the next run ended with ${again.exitCode}: ${again.stdout}`;
        const seen = await standing();
        if (isBack) await project.run(forward);
        return seen === (isBack ? 'earlier, column 0, ledger false' : 'marked, column 1, ledger true') ? 'converged' : seen;
      },
      'the database steps of a rollback',
    );
  }, 1_800_000);

  it('is made anew by the next run of migrate reset, wherever the first one was killed', async () => {
    const reset = ['migrate', 'reset', '--confirm', name];
    const before = await status();
    expect(await project.run(['migrate', 'reset', '--json'])).toMatchObject({ exitCode: 6 });
    expect(await project.run(['migrate', 'reset', '--dry-run', '--json'])).toMatchObject({ exitCode: 0 });

    await sweep(
      ['drop', 'apply', 'seed/tables/notes'],
      async (at) => {
        await project.query(`insert into notes (id, body) values (99, 'mine'); create table by_hand (id int)`);
        const problem = await killed(reset, at);
        if (problem !== undefined) return problem;
        const again = await project.run([...reset, '--json']);
        if (again.exitCode !== 0) return `the next run ended with ${again.exitCode}: ${again.stdout}`;
        const [{ seen } = {}] = await project.query(`select format('%s notes, %s applied, by hand %s',
          (select string_agg(body, ' ') from notes), (select count(*) from supabase_migrations.schema_migrations), to_regclass('by_hand')) as seen`);
        return seen === `seeded notes, ${count + 1} applied, by hand ` ? 'converged' : String(seen);
      },
      'migrate reset',
    );
    const after = await status();
    expect(after.releases).toEqual(before.releases);
    expect(after.migrations.head).toBe(before.migrations.head);
    expect(await project.run(['smoke', '--json'])).toMatchObject({ exitCode: 0 });
  }, 1_800_000);

  const paused = async (): Promise<readonly string[]> => {
    const values = (await project.run(['local', 'env', '--project', name, '--json'])).json(z.record(z.string(), z.string())).data;
    const pauses = bullmqPauses({ url: values['REDIS_URL'] ?? '', prefix: `${name}:` });
    try {
      return await pauses.held(signal);
    } finally {
      await pauses.close();
    }
  };
});
