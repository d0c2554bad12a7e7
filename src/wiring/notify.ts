import { join } from 'node:path';
import { noticeFile } from '../adapters/files/notice-file.ts';
import { slackMessages, type SlackPlace } from '../adapters/slack/slack-messages.ts';
import { StagingError } from '../core/errors.ts';
import type { LocalEndpoints } from '../core/local/endpoints.ts';
import { judgeNotice, newestState, type Notice, type NoticeState, problemsOf } from '../core/notify/notice.ts';
import type { SlackSettings } from '../core/notify/settings.ts';
import { isoNow } from '../core/ports/clock.ts';
import { createRedactor, mapTexts } from '../core/redaction.ts';
import type { StageResult } from '../core/verdict.ts';
import type { Resources } from '../stages/resources.ts';
import type { App } from './app.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { missingValue } from './missing-value.ts';
import { aboutRun } from './report-files.ts';

/** What telling people needs beside the context. */
export interface NotifyParts {
  readonly deps: Deps;
  readonly resources: Resources;
  readonly local: () => Promise<LocalEndpoints | undefined>;
  /** Hides a value from now on. */
  readonly hide: (value: string) => void;
}

/** Returns what tells people what came of a run; it resolves with a warning instead of failing. */
export function notifier(context: Context, parts: NotifyParts): App['notify'] {
  return async (command, stages) => {
    if (!context.request.notify) return undefined;
    try {
      await tell(context, parts, command, stages);
      return undefined;
    } catch (error) {
      if (!(error instanceof StagingError)) throw error;
      return `Nobody was told: ${error.message}${error.fix === undefined ? '' : ` ${error.fix}`}`;
    }
  };
}

async function tell(context: Context, parts: NotifyParts, command: string, stages: readonly StageResult[]): Promise<void> {
  const { signal } = context.request;
  const settings = context.settings();
  if (settings.notify === undefined) return;
  const memory = memoryOf(context, parts);
  const before = newestState(...(await memory.read()));
  const { kind, red } = judgeNotice(before, stages);
  const about = await aboutRun(context, parts.deps, parts.resources, stages);
  const messages = slackMessages(await placeOf(context, parts, settings.notify.slack), context.clock);
  try {
    // That all is as it was, with no release to speak of, is no news.
    if (kind === 'success' && about.releaseId === null) return await memory.write({ ...before, at: isoNow(context.clock), red });
    const channel = 'channel' in settings.notify.slack ? settings.notify.slack.channel : '';
    const { thread } = before;
    const isSame = messages.threads && thread !== null && thread.release === about.releaseId && thread.channel === channel;
    const notice = noticeOf(context, parts.deps, { kind, command, stages, about });
    const id = await messages.post(redacted(notice, parts.deps), isSame ? thread.id : undefined, signal);
    const { releaseId } = about;
    const newest = id === undefined || releaseId === null ? thread : { release: releaseId, channel, id };
    await memory.write({ at: isoNow(context.clock), red, thread: newest });
  } finally {
    await messages.close();
  }
}

function noticeOf(
  context: Context,
  deps: Deps,
  {
    kind,
    command,
    stages,
    about,
  }: {
    readonly kind: Notice['kind'];
    readonly command: string;
    readonly stages: readonly StageResult[];
    readonly about: Pick<Notice, 'releaseId' | 'gitSha'>;
  },
): Notice {
  return {
    kind,
    environment: context.settings().environment,
    command,
    url: context.target === 'cloud' ? `https://${context.settings().domain}` : deps.appOrigin(),
    releaseId: about.releaseId,
    gitSha: about.gitSha,
    actor: deps.actor,
    stages: stages.map(({ stage, verdict, summary }) => ({ stage, verdict, summary })),
    ...problemsOf(stages),
    jobUrl: context.process.github?.runUrl ?? null,
  };
}

function redacted(notice: Notice, deps: Deps): Notice {
  return mapTexts(notice, createRedactor([...deps.secrets()]));
}

/** The environment's database, which every machine sees, and this machine's state folder for when there is none. */
function memoryOf(context: Context, { deps, resources }: NotifyParts) {
  const { environment } = context.settings();
  const { signal } = context.request;
  const file = noticeFile(join(context.stateDir, 'notices', `${context.target}-${environment}.json`));
  const database = () => (resources.databaseAccess.peek() === undefined ? undefined : deps.openDatabase());
  return {
    read: () => Promise.all([file.read(), database()?.noticeState(environment, signal).catch(noDatabase)]),
    write: async (state: NoticeState) => {
      await file.write(state);
      await database()?.keepNoticeState(environment, state, signal).catch(noDatabase);
    },
  };
}

/** A database that is away may be the very thing that people are told of. */
function noDatabase(error: unknown): undefined {
  if (error instanceof StagingError) return undefined;
  throw error;
}

async function placeOf(context: Context, { local, hide }: NotifyParts, slack: SlackSettings): Promise<SlackPlace> {
  if (context.target === 'local') {
    const endpoint = (await local())?.beside?.slack;
    if (endpoint === undefined) {
      throw new StagingError('missing', 'LOCAL_NOT_RUNNING', 'The local cloud has no Slack.', { fix: 'Run `jv-staging local start`.' });
    }
    hide(endpoint.botToken);
    hide(endpoint.webhookUrl);
    if ('webhook' in slack) return { kind: 'webhook', url: endpoint.webhookUrl, isLocal: true };
    return { kind: 'channel', token: endpoint.botToken, channel: slack.channel, localUrl: endpoint.apiUrl };
  }
  const reference = 'webhook' in slack ? slack.webhook : slack.token;
  const value = context.secrets.read(reference);
  if (value === undefined) {
    throw missingValue(context, reference.name, 'CREDENTIAL_MISSING', `Set ${reference.name} in the environment or in .env.staging.`);
  }
  return 'webhook' in slack ? { kind: 'webhook', url: value, isLocal: false } : { kind: 'channel', token: value, channel: slack.channel };
}
