import type { PlanItem, ResourceKind } from '../plan/model.ts';
import { entry, judgeAsked, judgeFindings, judgeStage, type Judged, type StageEvidence } from './entries.ts';
import { fullLoad, heldMs, reportedStages } from './load-coverage.ts';
import type { GateEntry, GateFacts } from './model.ts';
import { shortfallOf } from './shortfall.ts';

/** Returns the acceptance criteria of the original plan, AC-1 to AC-13, before attestations. */
export function acceptance(facts: GateFacts): readonly GateEntry[] {
  return [
    entry('AC-1', 'Vercel project created and deployed', 'this commit live on the domain', deployed(facts)),
    entry('AC-2', 'Domain answers over TLS', 'a trusted certificate for the domain', tls(facts)),
    entry(
      'AC-3',
      'Database created, schema deployed',
      'project and schema as the configuration says',
      asPlanned(facts, ['supabase-project', 'schema']),
    ),
    entry('AC-4', 'Database seeded with test data', 'the seed rows read back', seed(facts)),
    entry('AC-5', 'Redis configured and connected', 'database as the configuration says, and the app connected', redis(facts)),
    entry('AC-6', 'All environment variables configured', 'every variable of the contract as it should be', asPlanned(facts, ['variable'])),
    entry('AC-7', 'Smoke tests pass', 'every check green, none left out', smoke(facts)),
    entry('AC-8', 'Performance tests pass', 'every Lighthouse score > 85, every budget kept', perf(facts)),
    entry('AC-9', 'Load tests pass', `green with ${fullLoad.vus} users for ${fullLoad.heldMs / 60_000} minutes`, load(facts)),
    entry('AC-10', 'No critical or high-severity bugs', 'no open issue with these labels', issues(facts)),
    entry(
      'AC-11',
      'Monitoring and logging functional',
      'an event and a log line of this release read back, an alert rule',
      monitoring(facts),
    ),
    entry('AC-12', 'Documentation complete', '`docs --check` green, or a person who read it says so', documented(facts)),
    entry('AC-13', 'Code review approved', 'approved, and no changes asked for', review(facts)),
  ];
}

/** Returns how to attest an entry. */
export function attestFix(id: string): string {
  return `Add {"entry":"${id}","commit":…,"name":…,"date":…,"words":…} to the file of \`gate.attestations\`.`;
}

function deployed(facts: GateFacts): Judged {
  return judgeAsked(facts.status, ({ releases, liveDeployment, recordMatches }) => {
    const [newest] = releases;
    const uncommitted = newest?.dirty === true && newest.gitSha === facts.commit;
    const fix = uncommitted
      ? 'Commit your changes (`git init` first where there is no repository), and run `jv-staging up` again.'
      : 'Check this commit out and run `jv-staging up`.';
    if (newest === undefined || liveDeployment === null) return { verdict: 'failed', seen: 'nothing is out', fix };
    const seen = `${newest.id}, commit ${newest.gitSha.slice(0, 12)}${newest.dirty ? ' with changes that are in no commit' : ''}, on ${liveDeployment}`;
    const isThis = newest.gitSha === facts.commit && !newest.dirty && recordMatches === true;
    return { verdict: isThis ? 'passed' : 'failed', seen, fix };
  });
}

function tls(facts: GateFacts): Judged {
  return judgeAsked(facts.tls, ({ trusted, address, detail }) => ({
    verdict: trusted ? 'passed' : 'failed',
    seen: `${address}: ${detail}`,
    fix: 'Run `jv-staging plan` for the DNS record to add, and wait until the platform has its certificate.',
  }));
}

function asPlanned(facts: GateFacts, kinds: readonly ResourceKind[]): Judged {
  return judgeAsked(facts.plan, ({ items }) => {
    const ofKind = items.filter(({ resource }) => kinds.includes(resource));
    const open = ofKind.filter(({ action }) => action !== 'unchanged');
    const fix = 'Run `jv-staging plan`, then `jv-staging provision`.';
    if (ofKind.length === 0) return { verdict: 'unknown', seen: `the plan has no ${kinds.join(' and no ')}`, fix };
    return {
      verdict: open.length === 0 ? 'passed' : 'failed',
      seen: open.length === 0 ? `${ofKind.length} of ${ofKind.length} as wished` : named(open),
      fix,
    };
  });
}

function named(items: readonly PlanItem[]): string {
  const shown = items.slice(0, 5).map(({ id, action, reason }) => `${id}: ${action}, ${reason}`);
  return [...shown, ...(items.length > 5 ? [`and ${items.length - 5} more`] : [])].join('; ');
}

function redis(facts: GateFacts): Judged {
  const planned = asPlanned(facts, ['upstash-database']);
  if (planned.verdict !== 'passed') return planned;
  const connected = judgeFindings(facts, 'smoke', { wanted: ({ id }) => id === 'health' || id.includes('redis'), what: 'Redis' });
  return { ...connected, evidence: [...(planned.evidence ?? []), ...(connected.evidence ?? [])] };
}

function smoke(facts: GateFacts): Judged {
  return judgeStage(facts, 'smoke', ({ result, evidence }) => {
    const fix = 'Run `jv-staging smoke` without `--url` and `--only`, and mend what is not green.';
    return whole({ result, evidence }, fix);
  });
}

function seed(facts: GateFacts): Judged {
  const fix = 'Write rows into the seed file (`seed.dir` and `seed.profile`), or set `seed.mayBeEmpty`; then run `jv-staging seed`.';
  return judgeStage(facts, 'seed', (found) => whole(found, fix, facts.seedMayBeEmpty));
}

function perf(facts: GateFacts): Judged {
  return judgeStage(facts, 'perf', (found) =>
    whole(found, 'Run `jv-staging perf` without `--form-factor` and `--runs`, and mend what is not green.'),
  );
}

/** A green result passes when it lacks nothing of what was asked for. */
function whole({ result, evidence }: StageEvidence, fix: string, mayLack = false): Judged {
  const lacking = result.verdict === 'green' && !mayLack ? shortfallOf(result) : undefined;
  if (lacking !== undefined) return { verdict: 'short', seen: `${result.summary}; ${lacking}`, evidence: [evidence], fix };
  const verdict = result.verdict === 'green' ? 'passed' : result.verdict === 'red' ? 'failed' : 'unknown';
  return { verdict, seen: result.summary, evidence: [evidence], fix };
}

function load(facts: GateFacts): Judged {
  return judgeStage(facts, 'load', ({ result, evidence }) => {
    const stages = reportedStages(result.details);
    const held = stages === undefined ? 0 : heldMs(stages, fullLoad.vus);
    const seen = `${result.summary}; ${Math.round(held / 1000)} s at ${fullLoad.vus} users or more`;
    const fix = 'Run `jv-staging load --profile full`.';
    if (result.verdict !== 'green') return { verdict: result.verdict === 'red' ? 'failed' : 'unknown', seen, evidence: [evidence], fix };
    return { verdict: held >= fullLoad.heldMs ? 'passed' : 'short', seen, evidence: [evidence], fix };
  });
}

function issues(facts: GateFacts): Judged {
  return judgeAsked(facts.issues, ({ open, labels, repository }) => ({
    verdict: open.length === 0 ? 'passed' : 'failed',
    seen:
      open.length === 0
        ? `none of ${repository} with ${labels.join(' or ')}`
        : open.map(({ number, title, label }) => `#${number} ${title} (${label})`).join('; '),
    fix: 'Close them, or lower their severity with a reason.',
  }));
}

function monitoring(facts: GateFacts): Judged {
  const part = (title: string, kind: string, what: string) =>
    entry(
      title,
      title,
      '',
      judgeFindings(facts, 'smoke', {
        wanted: ({ id }) => id.includes(kind),
        what,
        lacking: 'Add checks of the kinds `sentry` and `logs` to `smoke.checks`, and run `jv-staging smoke`.',
      }),
    );
  const parts = [part('Sentry', 'sentry', 'Sentry'), part('Logs', 'logs', 'the logs'), entry('Alerts', 'Alerts', '', alerts(facts))];
  const bad = parts.filter(({ verdict }) => verdict !== 'passed');
  const [first] = bad.length === 0 ? parts : bad;
  return {
    verdict: bad.length === 0 ? 'passed' : bad.some(({ verdict }) => verdict === 'failed') ? 'failed' : 'unknown',
    seen: (bad.length === 0 ? parts : bad).map(({ id, seen }) => `${id}: ${seen}`).join('; '),
    evidence: (bad.length === 0 ? parts : bad).flatMap(({ evidence }) => evidence),
    fix: first?.fix,
  };
}

function alerts(facts: GateFacts): Judged {
  return judgeAsked(facts.alerting, ({ projects, rules }) => ({
    verdict: rules.length > 0 ? 'passed' : 'failed',
    seen: rules.length > 0 ? rules.join(', ') : `no active rule of ${projects.join(', ')} tells anybody of this environment’s errors`,
    fix: `Create an alert in Sentry for ${projects.join(', ')} (Alerts, Create Alert) with an action, for this environment or all.`,
  }));
}

function documented(facts: GateFacts): Judged {
  const judged = judgeStage(facts, 'docs');
  if (judged.verdict === 'passed') return judged;
  return {
    ...judged,
    fix: `Run \`jv-staging docs\`, commit the page, run \`jv-staging up\` for that commit, then \`jv-staging docs --check\`. Or: ${attestFix('AC-12')}`,
  };
}

function review(facts: GateFacts): Judged {
  const judged = judgeAsked(facts.review, ({ pullRequest, approvedBy, changesRequestedBy, headSha }) => {
    const fix = `Have pull request #${pullRequest} reviewed.`;
    const seen = [
      approvedBy.length === 0 ? 'approved by nobody' : `approved by ${approvedBy.join(', ')}`,
      ...(changesRequestedBy.length === 0 ? [] : [`changes asked for by ${changesRequestedBy.join(', ')}`]),
      ...(headSha === facts.commit ? [] : [`but #${pullRequest} ends with ${headSha.slice(0, 12)}`]),
    ].join(', ');
    const passed = approvedBy.length > 0 && changesRequestedBy.length === 0 && headSha === facts.commit;
    return { verdict: passed ? 'passed' : 'failed', seen: `#${pullRequest} ${seen}`, fix };
  });
  return judged.verdict === 'unknown' ? { ...judged, fix: `${judged.fix ?? ''} Or: ${attestFix('AC-13')}`.trim() } : judged;
}
