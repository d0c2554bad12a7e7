import { Hono, type Context } from 'hono';
import { isLoopbackHost } from '../loopback.ts';
import { isFields, textIn, tokenOf } from '../requests.ts';
import { sameSecret } from '../same-secret.ts';
import type { SlackChannel, SlackMessage, SlackWorkspace } from './workspace.ts';

type Fields = Readonly<Record<string, unknown>>;
type Outcome = Readonly<Record<string, unknown>>;

/** A text longer than this is refused (docs.slack.dev/reference/methods/chat.postMessage, read 2026-11-22). */
const maxTextLength = 40_000;

/**
 * Returns the part of Slack's Web API (docs.slack.dev/reference/methods, read 2026-11-22) that posting and reading back needs, and the
 * incoming webhook. An error of a method is status 200 with `ok: false`; that of a webhook a status and one word of text.
 */
export function slackApi(workspace: SlackWorkspace, log: (line: string) => void): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    log(`${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.json({ ok: false, error: 'internal_error' }, 500);
  });
  app.use(async (c, next) => (isLoopbackHost(c.req.header('host')) ? await next() : c.text('no_such_host', 421)));
  app.post('/services/*', async (c) => webhook(workspace, c));
  app.on(['GET', 'POST'], '/api/:method', async (c) => {
    const fields = await readFields(c);
    if (fields === undefined) return c.json({ ok: false, error: 'invalid_json' });
    const refused = refusal(workspace, tokenOf(c) || (textIn(fields, 'token') ?? ''));
    if (refused !== undefined) return c.json({ ok: false, error: refused });
    const method = methods[c.req.param('method')];
    if (method === undefined) return c.json({ ok: false, error: 'unknown_method', req_method: c.req.param('method') });
    return c.json(await method(workspace, fields));
  });
  app.notFound((c) => c.json({ ok: false, error: 'unknown_method', detail: `${c.req.path} is not emulated by the local cloud` }, 404));
  return app;
}

function refusal({ issued }: SlackWorkspace, token: string): string | undefined {
  if (token === '') return 'not_authed';
  return sameSecret(token, issued.botToken) ? undefined : 'invalid_auth';
}

/** A method takes JSON, a form, or the query; lists inside a form are JSON. */
async function readFields(c: Context): Promise<Fields | undefined> {
  const text = c.req.method === 'GET' ? '' : await c.req.text();
  if ((c.req.header('content-type') ?? '').includes('application/json')) return parsed(text === '' ? '{}' : text);
  return { ...c.req.query(), ...Object.fromEntries(new URLSearchParams(text)) };
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function listIn(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (Array.isArray(value)) return value;
  try {
    const read: unknown = typeof value === 'string' ? JSON.parse(value) : [];
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

/** The methods that are emulated. */
const methods: Readonly<Record<string, (workspace: SlackWorkspace, fields: Fields) => Outcome | Promise<Outcome>>> = {
  'api.test': () => ({ ok: true }),
  'auth.test': ({ issued }) => ({
    ok: true,
    url: 'https://jetvision-local.slack.com/',
    team: 'JetVision (local cloud)',
    user: 'jv-staging',
    team_id: issued.teamId,
    user_id: issued.botUserId,
    bot_id: `B${issued.botUserId.slice(1)}`,
  }),
  'chat.postMessage': postMessage,
  'conversations.list': ({ channels }) => ({
    ok: true,
    channels: channels.map(({ id, name }) => ({ id, name, is_channel: true, is_archived: false, is_member: true })),
    response_metadata: { next_cursor: '' },
  }),
  'conversations.history': (workspace, fields) =>
    inChannel(workspace, fields, (channel) => ({
      ok: true,
      messages: workspace
        .messages(channel)
        .filter(({ threadTs }) => threadTs === undefined)
        .toReversed()
        .slice(0, Number(fields['limit'] ?? 100))
        .map((message) => messageAnswer(workspace, message)),
      has_more: false,
    })),
  'conversations.replies': (workspace, fields) =>
    inChannel(workspace, fields, (channel) => {
      const thread = workspace.messages(channel).filter(({ ts, threadTs }) => ts === fields['ts'] || threadTs === fields['ts']);
      if (thread.length === 0) return { ok: false, error: 'thread_not_found' };
      return { ok: true, messages: thread.map((message) => messageAnswer(workspace, message)), has_more: false };
    }),
};

function inChannel(workspace: SlackWorkspace, fields: Fields, act: (channel: SlackChannel) => Outcome): Outcome {
  const channel = workspace.channel(textIn(fields, 'channel') ?? '');
  return channel === undefined ? { ok: false, error: 'channel_not_found' } : act(channel);
}

async function postMessage(workspace: SlackWorkspace, fields: Fields): Promise<Outcome> {
  const channel = workspace.channel(textIn(fields, 'channel') ?? '');
  if (channel === undefined) return { ok: false, error: 'channel_not_found' };
  const message = contentOf(fields);
  if (message === undefined) return { ok: false, error: 'no_text' };
  if (message.text.length > maxTextLength) return { ok: false, error: 'msg_too_long' };
  const posted = await workspace.post({ ...message, channel: channel.id, threadTs: textIn(fields, 'thread_ts'), by: 'bot' });
  return { ok: true, channel: channel.id, ts: posted.ts, message: messageAnswer(workspace, posted) };
}

function contentOf(fields: Fields): Pick<SlackMessage, 'text' | 'blocks' | 'attachments'> | undefined {
  const text = textIn(fields, 'text') ?? '';
  const [blocks, attachments] = [listIn(fields, 'blocks'), listIn(fields, 'attachments')];
  return text === '' && blocks.length === 0 && attachments.length === 0 ? undefined : { text, blocks, attachments };
}

function messageAnswer({ issued }: SlackWorkspace, message: SlackMessage): Outcome {
  return {
    type: 'message',
    ...(message.by === 'webhook' ? { subtype: 'bot_message' } : { user: issued.botUserId }),
    bot_id: `B${issued.botUserId.slice(1)}`,
    team: issued.teamId,
    text: message.text,
    ts: message.ts,
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    ...(message.blocks.length === 0 ? {} : { blocks: message.blocks }),
    ...(message.attachments.length === 0 ? {} : { attachments: message.attachments }),
  };
}

/** docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, "Handling errors" (read 2026-11-22). */
async function webhook(workspace: SlackWorkspace, c: Context): Promise<Response> {
  const { issued, channels } = workspace;
  if (!c.req.path.startsWith(`/services/${issued.teamId}/`)) return c.text('no_team', 404);
  if (!sameSecret(c.req.path, issued.webhookPath)) return c.text('no_service', 404);
  const text = await c.req.text();
  // A form carries the JSON in its field `payload`.
  const fields = parsed(text.startsWith('payload=') ? (new URLSearchParams(text).get('payload') ?? '') : text);
  if (fields === undefined) return c.text('invalid_payload', 400);
  const message = contentOf(fields);
  if (message === undefined) return c.text('no_text', 400);
  const channel = channels[0]?.id ?? '';
  await workspace.post({ ...message, channel, threadTs: textIn(fields, 'thread_ts'), by: 'webhook' });
  return c.text('ok');
}
