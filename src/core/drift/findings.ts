import { StagingError } from '../errors.ts';
import type { Finding, StageResult, Verdict } from '../verdict.ts';
import { type DriftArea, driftAreas, type DriftDetails, driftName } from './drift.ts';

const titles: Readonly<Record<DriftArea, string>> = {
  settings: 'Settings',
  variables: 'Variables',
  catalog: 'Catalog of the database',
  redis: 'Redis settings',
};

/** Returns a finding for each area, and one for each waiver whose day has passed. */
export function driftFindings(details: DriftDetails): readonly Finding[] {
  return [...driftAreas.map((area) => areaFinding(area, details)), ...expiredFindings(details)];
}

/**
 * Returns the verdict over all: what differs is certain, whatever else is unknown, so red wins; unknown is not pass, so nothing compared
 * is not green either.
 */
export function driftVerdict(details: DriftDetails): Verdict {
  const open = details.items.filter(({ waiver }) => waiver === null);
  if (open.some(({ state }) => state === 'differs')) return 'red';
  return open.length > 0 || Object.values(details.compared).every((count) => count === 0) ? 'inconclusive' : 'green';
}

/** Returns one line: how much was compared, and what was found. */
export function driftSummary({ compared, items }: DriftDetails): string {
  const open = items.filter(({ waiver }) => waiver === null);
  const differs = open.filter(({ state }) => state === 'differs').length;
  const unknown = open.length - differs;
  const waived = items.length - open.length;
  const total = Object.values(compared).reduce((sum, count) => sum + count, 0);
  return [
    `${total} things compared`,
    `${differs} differ`,
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...(waived > 0 ? [`${waived} waived`] : []),
  ].join(', ');
}

/** Returns the error for drift: `DRIFT_FOUND` (exit 5), `DRIFT_UNKNOWN` (exit 9), or undefined when there is none. */
export function driftError(result: StageResult<DriftDetails>): StagingError | undefined {
  const open = result.details.items.filter(({ waiver }) => waiver === null);
  const [kind, code] = result.verdict === 'red' ? (['red', 'DRIFT_FOUND'] as const) : (['inconclusive', 'DRIFT_UNKNOWN'] as const);
  if (result.verdict === 'green') return undefined;
  const named = open.filter(({ state }) => (state === 'differs') === (kind === 'red'));
  const list = named.slice(0, 5).map((item) => `${driftName(item)}: ${item.seen}, expected ${item.expected}`);
  const more = named.length > 5 ? [`and ${named.length - 5} more`] : [];
  const said = kind === 'red' ? 'Staging has drifted' : 'It is not known whether staging has drifted';
  return new StagingError(kind, code, `${said}. ${[...list, ...more].join('; ')}.`, { fix: driftFix(named), data: result });
}

function driftFix(named: DriftDetails['items']): string {
  if (named.some(({ state, against }) => state === 'differs' && against === 'configuration'))
    return 'Run `jv-staging plan`, then `jv-staging provision`, to set right what is not as the configuration says.';
  if (named.some(({ state }) => state === 'differs'))
    return 'Bring the two together (a migration, a setting), or waive it in `drift.waivers` with a reason and an end date.';
  return 'Name production in the configuration (`production.vercelProjects`, `supabaseProjects`, `upstashDatabases`, `database`), or waive it in `drift.waivers`.';
}

function areaFinding(area: DriftArea, { compared, items }: DriftDetails): Finding {
  const own = items.filter((item) => item.area === area);
  const open = own.filter(({ waiver }) => waiver === null);
  const differs = open.filter(({ state }) => state === 'differs').length;
  const verdict = differs > 0 ? 'red' : open.length > 0 || compared[area] === 0 ? 'inconclusive' : 'green';
  const waived = own.length - open.length;
  return {
    id: area,
    title: titles[area],
    verdict: verdict === 'inconclusive' && open.length === 0 && waived > 0 ? 'skipped' : verdict,
    seen: [
      `${compared[area]} compared`,
      differs === 0 ? 'none differs' : `${differs} ${differs === 1 ? 'differs' : 'differ'}`,
      ...(open.length > differs ? [`${open.length - differs} unknown`] : []),
      ...(waived > 0 ? [`${waived} waived`] : []),
    ].join(', '),
    expected: 'as the configuration says, and as in production',
  };
}

function expiredFindings({ waivers }: DriftDetails): readonly Finding[] {
  return waivers
    .filter(({ state }) => state === 'expired')
    .map(({ what, reason, until }, at) => ({
      id: `waiver-${at + 1}`,
      title: `Waiver of ${what}`,
      verdict: 'skipped' as const,
      seen: `ended on ${until} (${reason})`,
      expected: 'a day that is still to come',
      fix: `Remove it from \`drift.waivers\`, or give it a later day.`,
    }));
}
