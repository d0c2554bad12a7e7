import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { createSmallProject, type SmallProject } from '../support/small-project.ts';

const it = requires('git', 'redis-server');
const seconds = 1000;
let project: SmallProject;

beforeAll(async () => {
  project = await createSmallProject();
  await project.app('first', ['body']);
  await project.migration(
    '1_notes.sql',
    'create table notes (id int primary key, body text); alter table notes enable row level security;',
  );
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
