import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { createSmallProject, type SmallProject } from '../support/small-project.ts';

const plan = z.object({ decision: z.string(), reverse: z.array(z.string()), keep: z.array(z.string()), losesRows: z.number().nullable() });
const dryRun = z.object({ dryRun: z.literal(true), plan });
const rolledBack = z.object({ verdict: z.string(), details: plan });
const deployed = z.object({ verdict: z.string(), details: z.object({ releaseId: z.string(), contractWaiting: z.array(z.string()) }) });

const expand = '20260102000000_mark.sql';
const contract = '20260103000000_old.sql';
const final = '20260104000000_shout.sql';

/**
 * Four releases of one app: v1 reads `old`, v2 adds `mark` (expand), v3 takes `old` away (contract), v4 overwrites values (irreversible).
 * Every way back between them, over a real Postgres, with rows that were written in between.
 */
describe('a rollback between releases whose schemas differ', () => {
  const it = requires('git', 'redis-server');
  let project: SmallProject;
  const releases: Record<'v1' | 'v2' | 'waiting' | 'v3' | 'v4', string> = { v1: '', v2: '', waiting: '', v3: '', v4: '' };

  const deploy = async (marker: string, columns: readonly string[], ...flags: readonly string[]) => {
    await project.app(marker, columns);
    await project.commit(marker);
    const run = await project.run(['deploy', '--json', ...flags]);
    expect(run, run.stdout).toMatchObject({ exitCode: 0 });
    return run.json(deployed).data.details;
  };
  const rollback = async (to: string, ...flags: readonly string[]) => {
    const run = await project.run(['rollback', '--to', to, '--json', ...flags]);
    expect(run, run.stdout).toMatchObject({ exitCode: 0 });
    return run.json(rolledBack).data.details;
  };
  /** What going there would do, in a few words; nothing is changed. */
  const planned = async (to: string) => {
    const run = await project.run(['rollback', '--to', to, '--dry-run', '--json']);
    if (run.exitCode !== 0) return `${run.exitCode} ${run.json(z.unknown()).error?.code}`;
    const { decision, reverse, losesRows } = run.json(dryRun).data.plan;
    return `${decision}: ${reverse.join(' ') || '-'}${losesRows === 0 ? '' : `, loses ${losesRows}`}`;
  };
  const bodies = async (columns = 'id, body') => await project.query(`select ${columns} from notes order by id`);

  beforeAll(async () => {
    project = await createSmallProject();
    await project.app('v1', ['id', 'body', 'old']);
    const provisioned = await project.run(['provision', '--yes', '--json']);
    expect(provisioned, provisioned.stdout).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => project.remove());

  it('v2 → v1: an addition without rows is reversed; with rows it stays, and old code runs beside it', async () => {
    releases.v1 = (await deploy('v1', ['id', 'body', 'old'])).releaseId;
    await project.migration(expand, 'alter table notes add column mark text;\n', 'alter table notes drop column mark;\n');
    releases.v2 = (await deploy('v2', ['id', 'body', 'mark'], '--rehearse')).releaseId;
    await project.query(`insert into notes (id, body) values (2, 'written since')`);

    expect(await planned(releases.v1)).toBe(`app-and-reverse-scripts: ${expand}`);
    await project.query(`update notes set mark = 'x' where id = 2`);

    expect(await rollback(releases.v1)).toMatchObject({ decision: 'app-only', keep: [expand], losesRows: 0 });
    expect(await bodies('id, body, mark')).toEqual([
      { id: 1, body: 'seeded', mark: null },
      { id: 2, body: 'written since', mark: 'x' },
    ]);
    expect(await rollback(releases.v2)).toMatchObject({ decision: 'app-only' });
  });

  it('v3 → v2, v3 → v1: what took something away waits for --contract, and is reversed; rows written since are there', async () => {
    await project.migration(
      contract,
      '-- jv:allow-destructive nothing reads it any more\nalter table notes rename column old to old_unused;\n',
      '-- jv:allow-destructive the way back\nalter table notes rename column old_unused to old;\n',
    );
    const waiting = await deploy('waiting', ['id', 'body', 'mark'], '--rehearse');
    releases.waiting = waiting.releaseId;
    expect(waiting.contractWaiting).toEqual([contract]);
    releases.v3 = (await deploy('v3', ['id', 'body', 'mark'], '--contract')).releaseId;
    await project.query(`insert into notes (id, body) values (3, 'written on v3')`);

    expect(await planned(releases.v2)).toBe(`app-and-reverse-scripts: ${contract}`);
    expect(await rollback(releases.v1)).toMatchObject({ decision: 'app-and-reverse-scripts', reverse: [contract], keep: [expand] });
    expect(await bodies('id, body, old')).toEqual([
      { id: 1, body: 'seeded', old: null },
      { id: 2, body: 'written since', old: null },
      { id: 3, body: 'written on v3', old: null },
    ]);

    // Forward again: what v3 ran on is applied before the domain moves.
    expect(await rollback(releases.v3)).toMatchObject({ decision: 'app-only' });
    expect(await bodies('id, old_unused')).toHaveLength(3);
  });

  it('v4 → v3, v2, v1: only the restore point leads back, with consent; without one it is refused', async () => {
    await project.migration(final, '-- jv:allow-destructive meant so\nupdate notes set body = upper(body);\n');
    await deploy('v4 waiting', ['id', 'body', 'mark']);
    const before = await bodies();
    releases.v4 = (await deploy('v4', ['id', 'body', 'mark'], '--contract')).releaseId;
    await project.query(`insert into notes (id, body) values (4, 'LOST')`);
    const { v1, v2, v3 } = releases;

    expect(await planned(v3)).toBe('app-and-restore-point: -, loses 1');
    const unsaid = await project.run(['rollback', '--to', v3, '--json']);
    expect([unsaid.exitCode, unsaid.json(z.unknown()).error?.code]).toEqual([6, 'ROLLBACK_LOSES_ROWS']);

    const restored = await rollback(v3, '--confirm', 'jetvision-staging');
    expect(restored.decision).toBe('app-and-restore-point');
    expect(await bodies()).toEqual(before);
    const status = await project.run(['status', '--json']);
    const { releases: listed } = status.json(z.object({ releases: z.array(z.object({ kind: z.string(), id: z.string() })) })).data;
    expect(listed[0]?.kind).toBe('rollback');
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining([v1, v2, v3, releases.v4]));

    await project.run(['rollback', '--to', releases.v4, '--json']);
    await rm(join(project.stateDir, 'restore-points'), { recursive: true, force: true });
    expect([await planned(v3), await planned(v2), await planned(v1)]).toEqual([
      '6 ROLLBACK_SCHEMA',
      '6 ROLLBACK_SCHEMA',
      '6 ROLLBACK_SCHEMA',
    ]);
  });
});
