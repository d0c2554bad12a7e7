import { describe, expect, it } from 'vitest';
import { slackMessage } from '../../src/adapters/slack/blocks.ts';
import { judgeNotice, newestState, type Notice, nothingSaid, problemsOf } from '../../src/core/notify/notice.ts';
import type { StageResult, Verdict } from '../../src/core/verdict.ts';

const red = (...stages: string[]) => ({ ...nothingSaid, red: stages });
const ended = (stage: string, verdict: Verdict) => ({ stage, verdict });

describe('what a run means after what was said before', () => {
  it.each([
    ['green after nothing', red(), [ended('smoke', 'green')], 'success', []],
    ['red', red(), [ended('deploy', 'green'), ended('smoke', 'red')], 'failure', ['smoke']],
    ['a measurement that carries no verdict', red(), [ended('perf', 'inconclusive')], 'failure', ['perf']],
    ['the red stage green again', red('smoke'), [ended('smoke', 'green')], 'recovery', []],
    ['another stage green', red('smoke'), [ended('provision', 'green')], 'success', ['smoke']],
    ['one of two red stages green', red('perf', 'smoke'), [ended('smoke', 'green')], 'success', ['perf']],
    ['red as before', red('smoke'), [ended('smoke', 'red')], 'failure', ['smoke']],
  ] as const)('%s', (_what, before, stages, kind, left) => {
    expect(judgeNotice(before, stages)).toEqual({ kind, red: left });
  });

  it('takes what was kept last, wherever', () => {
    const older = { ...red('smoke'), at: '2026-11-27T01:00:00.000Z' };
    const newer = { ...red('perf'), at: '2026-11-27T02:00:00.000Z' };

    expect([newestState(newer, older), newestState(undefined, older), newestState(undefined)]).toEqual([newer, older, nothingSaid]);
  });
});

describe('a message for Slack', () => {
  const finding = (id: number) => ({
    id: `f${id}`,
    title: `Check ${id}`,
    verdict: 'red' as const,
    seen: '<!channel> *7*',
    expected: '1 & 2',
  });
  const smoke: StageResult = {
    stage: 'smoke',
    verdict: 'red',
    summary: '1 of 8 checks green',
    findings: [1, 2, 3, 4, 5, 6, 7].map(finding),
    startedAt: '2026-11-27T01:00:00.000Z',
    durationMs: 1,
    details: null,
  };
  const notice: Notice = {
    kind: 'failure',
    environment: 'staging',
    command: 'smoke',
    url: 'https://staging.example.test',
    releaseId: 'rel_1',
    gitSha: 'a'.repeat(40),
    actor: 'ann@host',
    stages: [smoke],
    ...problemsOf([smoke]),
    jobUrl: 'https://github.com/o/r/actions/runs/1',
  };

  it('says what, which release, what is not green, and where the job is', () => {
    const { text, blocks } = slackMessage(notice);

    expect(text).toBe('❌ staging is not green: smoke');
    expect(blocks.map(({ type }) => type)).toEqual(['header', 'section', 'section', 'context']);
    expect(JSON.stringify(blocks)).toContain('and 2 more');
    expect(JSON.stringify(blocks.at(-1))).toContain(
      'release rel\u200B_\u200B1 · commit aaaaaaaaaaaa · https://staging.example.test · by ann@host · <https://github.com/o/r/actions/runs/1|CI job>',
    );
  });

  it('lets a text of somebody else mention nobody and format nothing', () => {
    const text = JSON.stringify(slackMessage(notice).blocks);

    expect(text).toContain('&lt;!channel&gt; \u200B*\u200B7\u200B*\u200B, expected 1 &amp; 2');
    expect(text).not.toContain('<!channel>');
  });

  it('stays within what Slack takes, however long the texts are', () => {
    const long = { ...notice, environment: 'e'.repeat(400), problems: notice.problems.map((one) => ({ ...one, seen: 'x'.repeat(2000) })) };
    const sizes = slackMessage(long).blocks.map((block) => ('text' in block ? block.text.text : '').length);

    expect(sizes[0]).toBeLessThanOrEqual(150);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3000);
  });
});
