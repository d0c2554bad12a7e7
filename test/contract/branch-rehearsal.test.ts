import { afterAll, beforeAll, expect, it } from 'vitest';
import { postgresRehearsal } from '../../src/adapters/postgres/rehearsal/rehearsal.ts';
import { managementApi } from '../../src/adapters/supabase/supabase-api.ts';
import { supabaseBranchCopies } from '../../src/adapters/supabase/supabase-branch-copies.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { serveLoopback } from '../../src/local/loopback.ts';
import { freePort } from '../support/free-port.ts';
import { startTestManagement, type TestManagement } from '../support/supabase-management.ts';
import { migrationOf } from './database.contract.ts';

let cloud: TestManagement;
let ref: string;

beforeAll(async () => {
  cloud = await startTestManagement({ projectChangeMs: 100, projectLimit: 4 });
  ref = await cloud.project('staging');
}, 60_000);

afterAll(() => cloud.remove());

it('rehearses on a branch that holds the rows, and removes it', async () => {
  await cloud.query(ref, "create table t (id int, word text); insert into t values (1, 'One')");
  const port = await freePort();
  const server = await serveLoopback(cloud.service.app, port, 'the Management API');
  const api = managementApi({ accessToken: cloud.accessToken, localUrl: `http://127.0.0.1:${port}`, clock: systemClock });
  const rehearsal = postgresRehearsal(supabaseBranchCopies(api, { ref: () => ref, clock: systemClock }));
  const pair = (step: number, up: string, down: string) => {
    const version = `2026010100000${step}`;
    return { up: migrationOf(version, up), down: migrationOf(version, down) };
  };

  const proofs = await rehearsal.rehearse(
    [pair(1, 'create table n (id int)', 'drop table n'), pair(2, 'update t set word = upper(word)', 'update t set word = lower(word)')],
    new AbortController().signal,
  );
  const branches = await cloud.done('GET', `/v1/projects/${ref}/branches`);
  await api.close();
  await server.stop();

  expect(proofs.map(({ reversible, reason }) => [reversible, reason])).toEqual([
    [true, null],
    [false, 'after its reverse script public.t.word does not hold the values of before'],
  ]);
  expect(branches).toEqual([]);
});
