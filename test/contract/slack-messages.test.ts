import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slackMessages } from '../../src/adapters/slack/slack-messages.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import type { Notice } from '../../src/core/notify/notice.ts';
import { startSlack, type SlackService } from '../../src/local/slack/service.ts';
import { LogLevel, WebClient } from '../clients/vendors.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

const { signal } = new AbortController();
const notice: Notice = {
  kind: 'success',
  environment: 'staging',
  command: 'deploy',
  url: 'https://staging.example.test',
  releaseId: 'rel_1',
  gitSha: null,
  actor: 'ann',
  stages: [{ stage: 'deploy', verdict: 'green', summary: 'out' }],
  problems: [],
  moreProblems: 0,
  jobUrl: null,
};
let slack: TestVendor<SlackService>;

beforeAll(async () => {
  slack = await startTestVendor(startSlack);
});
afterAll(() => slack.stop());

const bot = (channel = 'staging', token = slack.service().issued.botToken) =>
  slackMessages({ kind: 'channel', token, channel, localUrl: `${slack.url()}/api/` }, systemClock);
const hook = (path = slack.service().issued.webhookPath) =>
  slackMessages({ kind: 'webhook', url: `${slack.url()}${path}`, isLocal: true }, systemClock);
const vendorsOwn = () => new WebClient(slack.service().issued.botToken, { slackApiUrl: `${slack.url()}/api/`, logLevel: LogLevel.ERROR });

describe('messages in a channel', () => {
  it('stand in one thread, which the first begins', async () => {
    const first = await bot().post(notice, undefined, signal);
    const second = await bot().post({ ...notice, kind: 'failure', command: 'smoke' }, first, signal);
    const { messages } = await vendorsOwn().conversations.replies({ channel: 'C0STAGING01', ts: first ?? '' });

    expect(second).toBe(first);
    expect(messages?.map(({ text }) => text)).toEqual(['✅ staging is green: deploy', '❌ staging is not green: smoke']);
    expect(messages?.[0]?.blocks?.map(({ type }) => type)).toEqual(['header', 'section', 'context']);
  });

  it.each([
    ['a channel that is not there', () => bot('nowhere'), 'channel_not_found'],
    ['a token that opens nothing', () => bot('staging', 'xoxb-canary-token'), 'invalid_auth'],
  ])('say what is wrong with %s, and never the token', async (_what, open, word) => {
    await expect(open().post(notice, undefined, signal)).rejects.toMatchObject({
      code: 'SLACK_REFUSED',
      message: `Slack did not take the message: ${word}.`,
      fix: expect.stringMatching(/^(?:Correct|Set) /),
    });
  });
});

describe('messages by a webhook', () => {
  it('are single ones', async () => {
    const thread = await hook().post({ ...notice, kind: 'recovery' }, undefined, signal);
    const { messages } = await vendorsOwn().conversations.history({ channel: 'C0STAGING01', limit: 1 });

    expect(thread).toBeUndefined();
    expect(messages?.[0]).toMatchObject({ text: '💚 staging is green again: deploy', subtype: 'bot_message' });
  });

  it('never name the address, which is the credential', async () => {
    const canary = '/services/T0CANARY/B0CANARY/canary';
    const refused = await hook(canary)
      .post(notice, undefined, signal)
      .catch((error: unknown) => error);
    const away = await slackMessages({ kind: 'webhook', url: `http://127.0.0.1:9${canary}`, isLocal: true }, systemClock)
      .post(notice, undefined, signal)
      .catch((error: unknown) => error);

    expect([refused, away]).toEqual([
      expect.objectContaining({ code: 'SLACK_REFUSED', message: 'Slack did not take the message: no_team.' }),
      expect.objectContaining({ code: 'SLACK_UNREACHABLE', message: expect.not.stringContaining('CANARY') }),
    ]);
  });

  it('go to Slack alone', () => {
    const elsewhere = () => slackMessages({ kind: 'webhook', url: 'https://hooks.example.test/services/x', isLocal: false }, systemClock);

    expect(elsewhere).toThrow(expect.objectContaining({ code: 'SLACK_HOST_REFUSED' }));
    expect(() => slackMessages({ kind: 'webhook', url: 'canary', isLocal: false }, systemClock)).toThrow(
      expect.objectContaining({ code: 'SLACK_WEBHOOK_INVALID', message: expect.not.stringContaining('canary') }),
    );
  });
});
