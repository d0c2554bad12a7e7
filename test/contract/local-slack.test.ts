import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSlack, type SlackService } from '../../src/local/slack/service.ts';
import { IncomingWebhook, LogLevel, WebClient } from '../clients/vendors.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

let slack: TestVendor<SlackService>;

beforeAll(async () => {
  slack = await startTestVendor(startSlack);
});

afterAll(() => slack.stop());

/** Posts as the bot. */
function say(
  message: { readonly channel: string; readonly text: string; readonly thread_ts?: string; readonly blocks?: { type: 'divider' }[] },
  token?: string,
) {
  const { postMessage } = client(token).chat;
  return postMessage({ ...message });
}

function client(token = slack.service().issued.botToken): WebClient {
  return new WebClient(token, { slackApiUrl: `${slack.url()}/api/`, retryConfig: { retries: 0 }, logLevel: LogLevel.ERROR });
}

async function hook(body: string, path = slack.service().issued.webhookPath) {
  const response = await fetch(`${slack.url()}${path}`, { method: 'POST', body });
  return [response.status, await response.text()];
}

it('keeps what the bot posts, with its thread, over a restart', async () => {
  const text = randomBytes(8).toString('hex');
  const parent = await say({ channel: '#staging', text, blocks: [{ type: 'divider' }] });
  await say({ channel: 'C0STAGING01', text: 'an answer', thread_ts: parent.ts ?? '' });
  await slack.restart();
  const history = await client().conversations.history({ channel: 'C0STAGING01' });
  const thread = await client().conversations.replies({ channel: 'C0STAGING01', ts: parent.ts ?? '' });

  expect(parent).toMatchObject({ ok: true, channel: 'C0STAGING01', ts: expect.stringMatching(/^\d{10}\.\d{6}$/) });
  expect(history.messages).toEqual([expect.objectContaining({ text, blocks: [{ type: 'divider' }] })]);
  expect(thread.messages?.map((message) => message.text)).toEqual([text, 'an answer']);
  expect(thread.messages?.[1]).toMatchObject({ thread_ts: parent.ts });
});

it('says who the token belongs to', async () => {
  expect(await client().auth.test()).toMatchObject({ ok: true, team_id: slack.service().issued.teamId });
});

it('refuses in the words of the vendor', async () => {
  const errorOf = (call: Promise<unknown>) =>
    call.then(() => 'no error').catch((error: { data?: { error?: string } }) => error.data?.error);
  const post = (message: { channel: string; text: string }, token?: string) => errorOf(say(message, token));

  expect(await post({ channel: 'staging', text: 'x' }, 'xoxb-wrong')).toBe('invalid_auth');
  expect(await post({ channel: 'nowhere', text: 'x' })).toBe('channel_not_found');
  expect(await post({ channel: 'staging', text: '' })).toBe('no_text');
  expect(await post({ channel: 'staging', text: 'x'.repeat(40_001) })).toBe('msg_too_long');
  expect(await errorOf(client().apiCall('users.profile.set'))).toBe('unknown_method');
  const bare = await fetch(`${slack.url()}/api/chat.postMessage`, { method: 'POST' });
  expect([bare.status, await bare.json()]).toEqual([200, { ok: false, error: 'not_authed' }]);
});

it('takes incoming webhooks, and refuses what they cannot be', async () => {
  const { webhookPath, teamId } = slack.service().issued;
  const sent = await new IncomingWebhook(`${slack.url()}${webhookPath}`).send({ text: 'staging is red' });
  const { messages } = await client().conversations.history({ channel: 'C0STAGING01', limit: 1 });

  expect(sent.text).toBe('ok');
  expect(messages?.[0]).toMatchObject({ text: 'staging is red', subtype: 'bot_message' });
  expect(await hook('{')).toEqual([400, 'invalid_payload']);
  expect(await hook('{}')).toEqual([400, 'no_text']);
  expect(await hook('{"text":"x"}', `/services/${teamId}/B0/x`)).toEqual([404, 'no_service']);
  expect(await hook('{"text":"x"}', '/services/T0/B0/x')).toEqual([404, 'no_team']);
});
