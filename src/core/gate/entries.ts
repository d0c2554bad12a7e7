import type { Finding, StageResult } from '../verdict.ts';
import type { Asked, CommitReport, Evidence, GateEntry, GateFacts, GateVerdict } from './model.ts';
import { shortfallOf } from './shortfall.ts';

/** What an entry is made of beside its name. */
export interface Judged {
  readonly verdict: GateVerdict;
  readonly seen: string;
  readonly evidence?: readonly Evidence[];
  readonly fix?: string | undefined;
}

/** Returns an entry; what passed needs no mending. */
export function entry(id: string, title: string, expected: string, { verdict, seen, evidence = [], fix }: Judged): GateEntry {
  return { id, title, verdict, seen, expected, evidence, ...(verdict === 'passed' ? {} : { fix }) };
}

/** Judges an answer; where there is none, the entry is unknown and says why. */
export function judgeAsked<Answer>(asked: Asked<Answer>, judge: (answer: Answer) => Judged): Judged {
  if (!asked.known) return { verdict: 'unknown', seen: asked.reason, fix: asked.fix };
  return { evidence: [asked.evidence], ...judge(asked.answer) };
}

/** A stage's newest result about the commit, and the report that holds it. */
export interface StageEvidence {
  readonly result: StageResult;
  readonly evidence: Evidence;
}

/** Returns the newest result of a stage among the reports, green or not; undefined when none has it. */
function newestStage(reports: readonly CommitReport[], stage: string): StageEvidence | undefined {
  for (const { report, evidence } of reports) {
    const result = report.stages.find((one) => one.stage === stage);
    if (result !== undefined) return { result, evidence };
  }
  return undefined;
}

/** Why a run says nothing of its commit: it went by something that the commit does not hold. */
function notOfCommit({ report }: CommitReport): string | undefined {
  if (report.dirty === true) return 'a release with changes that are in no commit';
  return report.configurationChanged === true ? 'a configuration with changes that are in no commit' : undefined;
}

/** Judges the newest result of a stage: what never ran for this commit is unknown, and so is what ran on uncommitted changes alone. */
export function judgeStage(facts: GateFacts, stage: string, judge: (found: StageEvidence) => Judged = asItSays): Judged {
  const found = newestStage(
    facts.reports.filter((one) => notOfCommit(one) === undefined),
    stage,
  );
  if (found !== undefined) return judge(found);
  const changed = facts.reports.find((one) => newestStage([one], stage) !== undefined);
  if (changed !== undefined) {
    return {
      verdict: 'unknown',
      seen: `the newest report of ${stage} is about ${notOfCommit(changed)}, which proves nothing of ${facts.commit.slice(0, 12)}`,
      evidence: [changed.evidence],
      fix:
        changed.report.dirty === true
          ? 'Commit your changes, and run `jv-staging up`.'
          : `Commit or undo the changes of the configuration, and run \`${commandOf(stage)}\`.`,
    };
  }
  return {
    verdict: 'unknown',
    seen: `no report of ${stage} for commit ${facts.commit.slice(0, 12)}`,
    fix: `Run \`${commandOf(stage)}\` on this commit, or bring its reports here.`,
  };
}

/** Returns the command that leaves a result of a stage. */
function commandOf(stage: string): string {
  switch (stage) {
    case 'watch':
      return 'jv-staging smoke --watch --for 10m';
    case 'rollback-drill':
      return 'jv-staging rollback --drill';
    case 'migrate-check':
      return 'jv-staging migrate check --rehearse';
    case 'load':
      return 'jv-staging load --profile full';
    case 'docs':
      return 'jv-staging docs --check';
    default:
      return `jv-staging ${stage}`;
  }
}

function asItSays({ result, evidence }: StageEvidence): Judged {
  const verdicts = { green: 'passed', red: 'failed', inconclusive: 'unknown', skipped: 'unknown' } as const;
  return {
    verdict: verdicts[result.verdict],
    seen: result.summary,
    evidence: [evidence],
    fix: `Run \`${commandOf(result.stage)}\` and mend what is not green.`,
  };
}

/** Which findings of a stage count, and what they are called. */
export interface WantedFindings {
  readonly wanted: (finding: Finding) => boolean;
  /** What they look at, for people. */
  readonly what: string;
  /** What mends it when a whole run has none of them: the configuration asks for none. */
  readonly lacking?: string | undefined;
}

/** Judges single findings of a stage's newest result: all must be there and green. */
export function judgeFindings(facts: GateFacts, stage: string, { wanted, what, lacking }: WantedFindings): Judged {
  return judgeStage(facts, stage, ({ result, evidence }): Judged => {
    const findings = result.findings.filter(wanted);
    const bad = findings.filter(({ verdict }) => verdict !== 'green');
    if (findings.length === 0) {
      const partial = shortfallOf(result);
      return {
        verdict: 'unknown',
        seen: `${stage} did not look at ${what}`,
        evidence: [evidence],
        fix:
          partial === undefined
            ? (lacking ?? `Configure it in \`${stage}\`, and run it again.`)
            : `Run \`${commandOf(stage)}\` whole: the newest run is short (${partial}).`,
      };
    }
    return {
      verdict: bad.length === 0 ? 'passed' : bad.some(({ verdict }) => verdict === 'red') ? 'failed' : 'unknown',
      seen: (bad.length === 0 ? findings : bad).map(({ title, seen }) => `${title}: ${seen}`).join('; '),
      evidence: [evidence],
      fix: bad.map(({ fix }) => fix).find((fix) => fix !== undefined) ?? `Run \`jv-staging ${stage}\` and mend what is not green.`,
    };
  });
}

/** Returns what several entries come to: failed wins, then unknown, then short; passed when every one lets pass, and there is one. */
export function together(parts: readonly GateEntry[]): Judged {
  const worst = (['failed', 'unknown', 'short'] as const).find((verdict) => parts.some((part) => part.verdict === verdict));
  const named = worst === undefined ? parts : parts.filter(({ verdict }) => verdict === worst);
  const files = new Map(parts.flatMap(({ evidence }) => evidence).map((one) => [one.file, one]));
  return {
    verdict: parts.length === 0 ? 'unknown' : (worst ?? 'passed'),
    seen: named.map(({ id, seen }) => `${id}: ${seen}`).join('; '),
    evidence: [...files.values()],
    fix: named.map(({ fix }) => fix).find((fix) => fix !== undefined),
  };
}
