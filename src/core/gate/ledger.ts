import { StagingError } from '../errors.ts';
import { acceptance } from './acceptance.ts';
import { entry, judgeAsked, judgeFindings, judgeStage, type Judged, together } from './entries.ts';
import { lets, type GateEntry, type GateFacts } from './model.ts';

/** The whole ledger of one commit. */
export interface GateLedger {
  readonly commit: string;
  readonly environment: string;
  readonly target: 'cloud' | 'local';
  readonly passed: boolean;
  readonly entries: readonly GateEntry[];
  /** ISO 8601 UTC. */
  readonly judgedAt: string;
}

/** Entries that a person may settle where no machine could tell: never one that was measured and failed. */
const attestable: ReadonlySet<string> = new Set(['AC-10', 'AC-11', 'AC-12', 'AC-13', 'FR-8', 'NFR-cost']);

/** Returns every criterion with its verdict: AC-1 to AC-13, FR-1 to FR-8 and the four non-functional ones. */
export function judgeLedger(facts: GateFacts): readonly GateEntry[] {
  const accepted = acceptance(facts).map((one) => attested(one, facts));
  const nonFunctional = [performance(facts), reliability(facts), isolation(facts), cost(facts)].map((one) => attested(one, facts));
  const all = [...accepted, ...nonFunctional];
  const of = (...ids: readonly string[]) => together(all.filter(({ id }) => ids.includes(id)));
  return [
    ...accepted,
    entry('FR-1', 'Dedicated Vercel staging project', 'AC-1, AC-2', of('AC-1', 'AC-2')),
    entry('FR-2', 'Staging database', 'AC-3, AC-4', of('AC-3', 'AC-4')),
    entry('FR-3', 'Staging Redis', 'AC-5', of('AC-5')),
    entry('FR-4', 'Environment variables, test keys alone', 'AC-6, isolation', of('AC-6', 'NFR-isolation')),
    entry('FR-5', 'Smoke testing', 'AC-7', of('AC-7')),
    entry('FR-6', 'Performance testing', 'AC-8', of('AC-8')),
    entry('FR-7', 'Load testing', 'AC-9, nothing exhausted', of('AC-9')),
    attested(
      entry('FR-8', 'Migrations and rollback verified', 'this release’s migrations rehearsed, and its rollback drilled', verified(facts)),
      facts,
    ),
    ...nonFunctional,
  ];
}

/** Returns the entries with fixes whose commands name the target, as the gate's own command did; without one that did not. */
export function fixesFor(entries: readonly GateEntry[], target: 'cloud' | 'local' | undefined): readonly GateEntry[] {
  if (target === undefined) return entries;
  return entries.map(({ fix, ...rest }) => ({
    ...rest,
    ...(fix === undefined
      ? {}
      : {
          fix: fix.replaceAll(/`(jv-staging [^`]+)`/g, (whole, command: string) =>
            command.includes('--target') ? whole : `\`${command} --target ${target}\``,
          ),
        }),
  }));
}

/** Returns the error of a ledger that does not let pass (`GATE_RED`, exit 5; `data` goes along with it), or undefined. */
export function gateRefusal(ledger: GateLedger, data: unknown): StagingError | undefined {
  const open = ledger.entries.filter((one) => !lets(one));
  const [first] = open;
  if (first === undefined) return undefined;
  const passed = ledger.entries.length - open.length;
  return new StagingError(
    'red',
    'GATE_RED',
    `${passed} of ${ledger.entries.length} criteria pass for commit ${ledger.commit.slice(0, 12)}, expected all; open: ${open.map(({ id }) => id).join(', ')}.`,
    { fix: first.fix, data },
  );
}

function attested(one: GateEntry, { attestations, commit }: GateFacts): GateEntry {
  if (one.verdict !== 'unknown' || !attestable.has(one.id)) return one;
  const found = attestations.find(({ attestation }) => attestation.entry === one.id && attestation.commit === commit);
  if (found === undefined) return one;
  const { name, date, words } = found.attestation;
  return { ...one, verdict: 'attested', seen: `${name}, ${date}: ${words}`, evidence: [found.evidence], fix: undefined };
}

function performance(facts: GateFacts): GateEntry {
  const budgets = (stage: string) =>
    entry(
      stage,
      stage,
      '',
      judgeFindings(facts, stage, {
        wanted: ({ id }) => id === 'budgets',
        what: 'production’s budgets',
        lacking: `Name \`production.budgets\` in the configuration, and run \`${stage === 'load' ? 'jv-staging load --profile full' : 'jv-staging perf'}\`.`,
      }),
    );
  return entry(
    'NFR-performance',
    'Performance targets of production',
    'no budget looser than production’s',
    together([budgets('perf'), budgets('load')]),
  );
}

function reliability(facts: GateFacts): GateEntry {
  const judged = judgeFindings(facts, 'watch', { wanted: ({ id }) => id === 'availability', what: 'availability' });
  return entry(
    'NFR-reliability',
    '99 % uptime',
    'a kept watch of at least 99 %',
    judged.verdict === 'passed' ? judged : { ...judged, fix: 'Run `jv-staging smoke --watch --for 10m` on this release.' },
  );
}

function isolation(facts: GateFacts): GateEntry {
  const judged = judgeAsked(facts.isolation, (points): Judged => {
    const bad = points.filter(({ verdict }) => verdict !== 'pass');
    return {
      verdict: bad.length === 0 && points.length > 0 ? 'passed' : bad.some(({ verdict }) => verdict === 'fail') ? 'failed' : 'unknown',
      seen:
        bad.length === 0
          ? `${points.length} of ${points.length} proven`
          : bad.map(({ title, evidence }) => `${title}: ${evidence}`).join('; '),
      fix: [...new Set(bad.flatMap(({ fix }) => fix ?? []))].join(' ') || 'Run `jv-staging doctor isolation`.',
    };
  });
  return entry('NFR-isolation', 'Complete isolation from production', 'every point proven', judged);
}

function cost(facts: GateFacts): GateEntry {
  const judged = judgeAsked(facts.plan, ({ cost: { verdict, knownUsdPerMonth, productionUsdPerMonth, unknown } }): Judged => ({
    verdict: verdict === 'within' ? 'passed' : verdict === 'over' ? 'failed' : 'unknown',
    seen: `$${knownUsdPerMonth} a month known, production ${productionUsdPerMonth === null ? 'unknown' : `$${productionUsdPerMonth}`}${unknown.length === 0 ? '' : `; unknown: ${unknown.map(({ what }) => what).join(', ')}`}`,
    fix: 'Name `production.costUsdPerMonth`, and plans whose price is known; or attest it.',
  }));
  return entry('NFR-cost', 'Less than half of production’s cost', '< 50 % of production', judged);
}

function verified(facts: GateFacts): Judged {
  return together([entry('Migrations', '', '', rehearsed(facts)), entry('Rollback', '', '', drill(facts))]);
}

/** The rehearsal takes the files that are checked out: it is about this release when they end where its schema does. */
function rehearsed(facts: GateFacts): Judged {
  const fix = 'Run `jv-staging migrate check --rehearse` on this release.';
  const judged = judgeStage(facts, 'migrate-check', ({ result, evidence }) => {
    const seen = result.summary;
    if (result.verdict !== 'green') return { verdict: result.verdict === 'red' ? 'failed' : 'unknown', seen, evidence: [evidence], fix };
    const head = rehearsedHead(result.details);
    if (head === undefined) return { verdict: 'short', seen: `${seen}: read, and not rehearsed`, evidence: [evidence], fix };
    const live = facts.status.known ? (facts.status.answer.migrations?.head ?? null) : null;
    if (head !== live)
      return {
        verdict: 'unknown',
        seen: `rehearsed up to ${head}, and the schema ends with ${live ?? 'nothing known'}`,
        evidence: [evidence],
        fix,
      };
    return { verdict: 'passed', seen, evidence: [evidence] };
  });
  return judged.verdict === 'passed' ? judged : { ...judged, fix };
}

/** The newest version that a rehearsal tried; undefined when none was. */
function rehearsedHead(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('proofs' in details) || !Array.isArray(details.proofs)) return undefined;
  const versions = details.proofs.flatMap((proof: unknown) =>
    typeof proof === 'object' && proof !== null && 'version' in proof && typeof proof.version === 'string' ? [proof.version] : [],
  );
  return versions.toSorted().at(-1);
}

function drill(facts: GateFacts): Judged {
  const judged = judgeStage(facts, 'rollback-drill');
  return judged.verdict === 'passed' ? judged : { ...judged, fix: 'Run `jv-staging rollback --drill` on this release.' };
}
