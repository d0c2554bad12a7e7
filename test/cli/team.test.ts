import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { exerciseSteps } from '../../src/core/docs/exercise.ts';
import { requires } from '../support/requires.ts';
import { createSmallProject, type SmallProject } from '../support/small-project.ts';

const it = requires('git', 'redis-server');
const seconds = 1000;
let project: SmallProject;

/** What the team pays by its own invoices, and by the price list. */
const costs = `
  production: { ...sample.production, costUsdPerMonth: 200 },
  costs: { vercel: { usdPerMonth: 20, source: 'invoice 2026-10', readOn: '2026-11-01' }, supabase: { usdPerMonth: 10, source: 'invoice 2026-10', readOn: '2026-11-01' } },
`;

beforeAll(async () => {
  project = await createSmallProject();
  await project.app('first', ['body']);
  const config = join(project.dir, 'staging.config.ts');
  await writeFile(config, (await readFile(config, 'utf8')).replace('restorePoints:', `${costs}  restorePoints:`));
});
afterAll(() => project.remove());

/** Messages in the channel, oldest first, with the thread that each stands in. */
async function channelMessages() {
  const local = (await project.run(['local', 'env', '--json'])).json(z.record(z.string(), z.string())).data;
  const ask = async (method: string, query: Readonly<Record<string, string>>) => {
    const address = `${local['SLACK_API_URL']}${method}?${new URLSearchParams({ channel: 'staging', ...query }).toString()}`;
    const answer = await fetch(address, { headers: { authorization: `Bearer ${local['SLACK_BOT_TOKEN']}` } });
    return z.object({ messages: z.array(z.object({ ts: z.string(), text: z.string() })) }).parse(await answer.json()).messages;
  };
  const roots = await ask('conversations.history', {});
  const threads = await Promise.all(roots.toReversed().map(({ ts }) => ask('conversations.replies', { ts })));
  return { threads: threads.map((thread) => thread.map(({ text }) => text)), token: local['SLACK_BOT_TOKEN'] ?? '' };
}

describe('--notify', () => {
  it(
    'tells of failure, recovery and success, of one release in one thread, and never changes how a run ends',
    async () => {
      await project.run(['local', 'start']);
      await project.run(['local', 'fault', 'add', '--service', 'vercel', '--match', 'GET /*', '--status', '403', '--times', '1']);
      const failed = await project.run(['provision', '--notify']);
      const provisioned = await project.run(['provision', '--notify']);
      const deployed = await project.run(['deploy', '--notify', '--prebuilt', 'small/.vercel/output']);
      await project.run(['local', 'fault', 'add', '--service', 'slack', '--match', '*', '--status', '500', '--times', '9']);
      const unheard = await project.run(['smoke', '--notify']);
      await project.run(['local', 'fault', 'clear']);
      const smoked = await project.run(['smoke', '--notify', '--json']);
      const { threads, token } = await channelMessages();

      const codes = [failed, provisioned, deployed, unheard, smoked].map(({ exitCode }) => exitCode);
      expect(codes, deployed.stderr).toEqual([3, 0, 0, 0, 0]);
      expect(threads).toEqual([
        ['❌ staging is not green: provision'],
        ['💚 staging is green again: provision'],
        ['✅ staging is green: deploy', '✅ staging is green: smoke'],
      ]);
      expect(unheard.stderr).toContain('Warning: Nobody was told: Slack answered POST /chat.postMessage with status 500');
      expect([failed, provisioned, deployed, unheard, smoked].map(({ stdout, stderr }) => stdout + stderr).join('')).not.toContain(token);
      expect((await project.stateTexts()).join('')).not.toContain(token);
    },
    120 * seconds,
  );
});

describe('cost', () => {
  it(
    'says what the environment costs by dated prices and measured commands, as a share of production’s',
    async () => {
      const asked = await project.run(['cost', '--for', '5s', '--json']);
      const { details } = asked.json(z.object({ details: z.record(z.string(), z.unknown()) })).data;

      expect(asked.exitCode, asked.stdout).toBe(0);
      expect(details).toMatchObject({
        knownUsdPerMonth: 40,
        shareOfProduction: { from: 0.2, upTo: 0.2 },
        verdict: 'within',
        idleCommands: { windowMs: 5000, atMostPerMonth: expect.any(Number) },
        parts: [
          { source: 'invoice 2026-10' },
          { source: 'invoice 2026-10' },
          { usdPerMonth: 10, source: expect.stringContaining('upstash.com') },
        ],
      });
    },
    60 * seconds,
  );
});

describe('status', () => {
  it(
    'says on one screen what is live, what has drifted, how its gates stand, its queues and its cost',
    async () => {
      const asked = await project.run(['status', '--json']);
      const shown = await project.run(['status']);

      expect(asked.json(z.unknown()).data).toMatchObject({
        live: { dirty: true, ageMs: expect.any(Number) },
        autoAssignDomains: true,
        variablesNotLive: [],
        drift: { differing: [], why: null },
        gates: [{ gate: 'smoke', verdict: 'green' }],
        queues: [{ queue: 'flight-requests', waiting: 0, active: 0, failed: 0 }],
        cost: { productionUsdPerMonth: 200 },
      });
      expect(shown.stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(24);
    },
    60 * seconds,
  );
});

describe('in GitHub Actions', () => {
  it(
    'hides the secrets of the run before anything else, and annotates the place where a migration fails',
    async () => {
      const file = join(project.dir, 'small/migrations/20270101000000_broken.sql');
      await writeFile(file, 'select 1;\ncreate tabel x (id int);\n');
      const ended = await project.run(['migrate', 'up', '--yes'], { env: { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: project.dir } });
      await rm(file);
      const kept = await readFile(join(project.dir, '.env.staging.local'), 'utf8');
      const [, password = ''] = /^STAGING_SUPABASE_DB_PASSWORD="?([^"\n]+)/m.exec(kept) ?? [];
      const lines = ended.stderr.split('\n');

      expect(ended.exitCode, ended.stderr).toBe(5);
      expect(lines[0]).toMatch(/^::add-mask::/);
      expect(password.length).toBeGreaterThan(10);
      expect(lines).toContain(`::add-mask::${password}`);
      expect(lines.filter((line) => line.includes(password))).toHaveLength(1);
      expect(ended.stderr).toContain(
        '::error file=small/migrations/20270101000000_broken.sql,line=2,col=8,title=MIGRATION_FAILED::20270101000000_broken.sql:2:8 failed',
      );
    },
    60 * seconds,
  );
});

describe('docs', () => {
  it(
    'writes a page without any password, knows when it is out of date, and the gate reads that',
    async () => {
      const page = join(project.dir, 'docs/STAGING.md');
      const missing = await project.run(['docs', '--check', '--json']);
      const written = await project.run(['docs']);
      const current = await project.run(['docs', '--check']);
      const text = await readFile(page, 'utf8');
      await writeFile(page, text.replace('flight-requests', 'other'));
      const edited = await project.run(['docs', '--check', '--json']);

      expect([missing, written, current, edited].map(({ exitCode }) => exitCode)).toEqual([5, 0, 0, 5]);
      expect([missing, edited].map((run) => run.json(z.unknown()).error?.code)).toEqual(['DOCS_RED', 'DOCS_RED']);
      const secrets = (await readFile(join(project.dir, '.env.staging.local'), 'utf8')).matchAll(/^(\w+)="?([^"\n]+)"?$/gm);
      const seen = [...secrets].filter(([, name = '']) => /PASSWORD|KEY|TOKEN|SECRET/.test(name));
      expect(seen.length).toBeGreaterThan(3);
      for (const [, , value = ''] of seen) expect(text).not.toContain(value);
      expect(text).toContain('STAGING_SUPABASE_DB_PASSWORD');
    },
    60 * seconds,
  );

  it(
    'has an exercise whose commands end as it says',
    async () => {
      const ended: { readonly line: string; readonly exitCode: number }[] = [];
      const said = await project.run(['docs', '--exercise']);
      for (const { line, exitCode } of exerciseSteps('jetvision-staging').flatMap(({ commands }) => commands)) {
        const words = line.split(' ');
        const own = words[0] === 'jv-staging';
        // `run` adds the target itself
        const run = own ? await project.run(words.slice(1, -2)) : await execa({ cwd: project.dir, shell: true, reject: false })`${line}`;
        ended.push({ line, exitCode: run.exitCode ?? -1 });
        expect(said.stdout).toContain(line);
        expect(run.exitCode, `${line}\n${run.stdout}\n${run.stderr}`).toBe(exitCode);
      }

      expect(ended.length).toBeGreaterThan(10);
    },
    120 * seconds,
  );
});
