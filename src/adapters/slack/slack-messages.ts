import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Messages } from '../../core/ports/messages.ts';
import { printable } from '../../core/printable.ts';
import { type ApiClient, type ApiRequest, createApiClient } from '../http/api-client.ts';
import type { Vendor } from '../http/api-error.ts';
import { slackMessage } from './blocks.ts';

/** Where messages go; `token` and `url` are secret. */
export type SlackPlace =
  | {
      readonly kind: 'channel';
      readonly token: string;
      readonly channel: string;
      /** Of the local cloud. */ readonly localUrl?: string | undefined;
    }
  | { readonly kind: 'webhook'; readonly url: string; readonly isLocal: boolean };

/** Bounds on telling people: a run must not wait long for it. */
const limits = { attempts: 3, attemptMs: 8000, totalMs: 20_000, maxWaitMs: 10_000 };

/** docs.slack.dev/reference/methods/chat.postMessage, read 2026-11-22 for the local cloud: a refusal has status 200, too. */
const postedSchema = z.union([z.object({ ok: z.literal(true), ts: z.string() }), z.object({ ok: z.literal(false), error: z.string() })]);

/** What to do about a refusal, by Slack's own word for it. */
const fixes: Readonly<Record<string, string>> = {
  not_in_channel: 'Invite the bot to the channel (`/invite @…`), or give it the scope chat:write.public.',
  channel_not_found: 'Correct `notify.slack.channel`: the name without `#`, or the id; the bot must be invited to a private one.',
  is_archived: 'Name a channel that is not archived in `notify.slack.channel`.',
  missing_scope: 'Give the bot the scope chat:write, and install it anew.',
};

/** Returns the port over Slack's Web API or an incoming webhook; the credential goes to Slack alone, or to loopback. */
export function slackMessages(place: SlackPlace, clock: Clock): Messages {
  return place.kind === 'channel' ? channelMessages(place, clock) : webhookMessages(place, clock);
}

function channelMessages({ token, channel, localUrl }: SlackPlace & { readonly kind: 'channel' }, clock: Clock): Messages {
  const vendor = slack('Set SLACK_BOT_TOKEN to the bot’s token (`xoxb-…`, scope chat:write; api.slack.com/apps, OAuth).');
  const api = createApiClient({
    vendor,
    baseUrl: localUrl ?? 'https://slack.com/api/',
    hosts: localUrl === undefined ? ['slack.com'] : 'loopback',
    headers: { authorization: `Bearer ${token}` },
    secrets: [token],
    clock,
    limits,
  });
  return {
    threads: true,
    post: async (notice, thread, signal) => {
      // In a thread a failure and a recovery stand in the channel too: nobody follows every thread.
      const inThread = thread === undefined ? {} : { thread_ts: thread, reply_broadcast: notice.kind !== 'success' };
      const json = { channel, ...slackMessage(notice), ...inThread, unfurl_links: false, unfurl_media: false };
      const posted = await api.read({ method: 'POST', path: '/chat.postMessage', json, signal }, postedSchema);
      if (posted.ok) return thread ?? posted.ts;
      throw refused(posted.error, fixes[posted.error] ?? vendor.credentialFix);
    },
    close: api.close,
  };
}

/** An incoming webhook has no threads of its own: it does not say which message it made. */
function webhookMessages({ url, isLocal }: SlackPlace & { readonly kind: 'webhook' }, clock: Clock): Messages {
  const api = webhookClient(url, isLocal, clock);
  return {
    threads: false,
    post: async (notice, _thread, signal) => {
      // The path is the secret: it stands in the base, which no message names.
      const request: ApiRequest = { method: 'POST', path: '', json: slackMessage(notice), accept: [400, 403, 404, 410], signal };
      const answer = await api.send(request);
      if (answer.status >= 400) throw refused(answer.text, 'Set SLACK_WEBHOOK_URL to the address of an incoming webhook that is active.');
      return undefined;
    },
    close: api.close,
  };
}

function webhookClient(url: string, isLocal: boolean, clock: Clock): ApiClient {
  if (!URL.canParse(url)) {
    throw new StagingError('usage', 'SLACK_WEBHOOK_INVALID', `The Slack webhook is no address (${url.length} characters).`, {
      fix: 'Set SLACK_WEBHOOK_URL to the address that Slack shows, https://hooks.slack.com/services/….',
    });
  }
  const vendor = slack('Set SLACK_WEBHOOK_URL to the address of an incoming webhook that is active.');
  const path = new URL(url).pathname;
  const hosts = isLocal ? ('loopback' as const) : ['hooks.slack.com'];
  return createApiClient({ vendor, baseUrl: url, hosts, headers: {}, secrets: [url, path], clock, limits });
}

function slack(credentialFix: string): Vendor {
  return { code: 'SLACK', name: 'Slack', credentialFix };
}

function refused(word: string, fix: string): StagingError {
  return new StagingError('vendor', 'SLACK_REFUSED', `Slack did not take the message: ${printable(word, 80)}.`, { fix });
}
