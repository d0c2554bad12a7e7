import type { RequestStatistics } from '../load/load.ts';
import type { PageRun } from '../ports/measure.ts';
import type { Finding } from '../verdict.ts';
import { formatMs } from './judge.ts';
import type { FormFactor } from './perf.ts';

/** The figures of a run that are compared. */
export interface PerfFigures {
  readonly pages: readonly { readonly path: string; readonly formFactor: FormFactor; readonly runs: readonly RunFigures[] }[];
  readonly endpoints: readonly { readonly method: string; readonly path: string; readonly statistics: EndpointFigures }[];
}

type RunFigures = Pick<PageRun, 'score' | 'pageLoadMs' | 'largestContentfulPaintMs' | 'totalBlockingTimeMs' | 'benchmarkIndex'>;
type EndpointFigures = Pick<RequestStatistics, 'p50Ms' | 'p95Ms'>;

/** An earlier run to compare with. */
export interface PerfBaseline {
  /** What it is, in words: `run_… (release rel_…)`. */
  readonly name: string;
  readonly figures: PerfFigures;
}

/** A figure is a regression only beyond this band: some noise is in every one. */
export interface NoiseBand {
  /** Share of the baseline's own figure (0 to 1). */
  readonly share: number;
  /** Milliseconds that a figure must be slower by, whatever the share. */
  readonly ms: number;
  /** Points that a score must be lower by. */
  readonly scorePoints: number;
}

/** One figure beside the baseline's. */
export interface Comparison {
  readonly what: string;
  readonly before: number;
  readonly now: number;
  readonly unit: 'ms' | 'points';
  readonly regressed: boolean;
}

/** What the comparison came to: figures, or why none can be compared. */
export type BaselineComparison =
  | { readonly name: string; readonly figures: readonly Comparison[] }
  | { readonly name: string; readonly incomparable: string };

/** Machines whose benchmark indexes lie further apart than this measure different things. */
const machineRatioLimit = 1.5;

/** Returns this run beside the baseline, figure by figure: pages of the same path and form factor, endpoints of the same method and path. */
export function compareWithBaseline(now: PerfFigures, baseline: PerfBaseline, band: NoiseBand): BaselineComparison {
  const { name, figures: before } = baseline;
  const ratio = machineRatio(now, before);
  if (ratio > machineRatioLimit) {
    return { name, incomparable: `Its machine was ${ratio.toFixed(1)}x as fast or as slow by Lighthouse's benchmark index.` };
  }
  const figures = [...pageFigures(now, before, band), ...endpointFigures(now, before, band)];
  return figures.length === 0 ? { name, incomparable: 'It measured no page and no endpoint of this run.' } : { name, figures };
}

/** Returns the finding over the comparison: regressions are named and red; what cannot be compared is skipped, not passed. */
export function judgeBaseline(comparison: BaselineComparison, band: NoiseBand): Finding {
  const finding = {
    id: 'baseline',
    title: `Beside ${comparison.name}`,
    expected: `no figure worse by ${Math.round(band.share * 100)} % and ${band.ms} ms, no score by ${band.scorePoints} points`,
  };
  if ('incomparable' in comparison) return { ...finding, verdict: 'skipped', seen: 'not compared', message: comparison.incomparable };
  const regressions = comparison.figures.filter(({ regressed }) => regressed);
  if (regressions.length === 0)
    return { ...finding, verdict: 'green', seen: `${comparison.figures.length} of ${comparison.figures.length} within the band` };
  return {
    ...finding,
    verdict: 'red',
    seen: regressions.map(({ what, before, now, unit }) => `${what} ${shown(before, unit)} → ${shown(now, unit)}`).join('; '),
    message: `${regressions.length} of ${comparison.figures.length} figures regressed beyond what runs differ by.`,
    fix: 'Look at what changed since, or measure again with `--runs 9`.',
  };
}

function shown(value: number, unit: Comparison['unit']): string {
  return unit === 'ms' ? formatMs(value) : String(Math.round(value));
}

/** Returns how far apart the machines lie; 1 where one of them is not known. */
function machineRatio(now: PerfFigures, before: PerfFigures): number {
  const index = ({ pages }: PerfFigures) => middle(pages.flatMap(({ runs }) => runs.map((run) => run.benchmarkIndex)));
  const [a, b] = [index(now), index(before)];
  return a === undefined || b === undefined || a <= 0 || b <= 0 ? 1 : Math.max(a, b) / Math.min(a, b);
}

function pageFigures(now: PerfFigures, before: PerfFigures, band: NoiseBand): readonly Comparison[] {
  return now.pages.flatMap((page) => {
    const same = before.pages.find(({ path, formFactor }) => path === page.path && formFactor === page.formFactor);
    if (same === undefined || same.runs.length === 0 || page.runs.length === 0) return [];
    const where = `${page.path} (${page.formFactor})`;
    return [
      scoreFigure(`score of ${where}`, page.runs, same.runs, band),
      timeFigure(`load time of ${where}`, page.runs.map(loadOf), same.runs.map(loadOf), band),
      timeFigure(`LCP of ${where}`, page.runs.map(paintOf), same.runs.map(paintOf), band),
      timeFigure(`TBT of ${where}`, page.runs.map(blockingOf), same.runs.map(blockingOf), band),
    ];
  });
}

const loadOf = (run: RunFigures) => run.pageLoadMs;
const paintOf = (run: RunFigures) => run.largestContentfulPaintMs;
const blockingOf = (run: RunFigures) => run.totalBlockingTimeMs;

/** A time regressed when its median is worse by more than the band, and every run now is worse than every run then. */
function timeFigure(what: string, now: readonly number[], before: readonly number[], band: NoiseBand): Comparison {
  const [a, b] = [middle(before) ?? 0, middle(now) ?? 0];
  const apart = Math.min(...now) > Math.max(...before);
  return { what, before: a, now: b, unit: 'ms', regressed: apart && isBeyond(a, b, band) };
}

function scoreFigure(what: string, now: readonly RunFigures[], before: readonly RunFigures[], band: NoiseBand): Comparison {
  const scores = (runs: readonly RunFigures[]) => runs.map(({ score }) => score);
  const [a, b] = [middle(scores(before)) ?? 0, middle(scores(now)) ?? 0];
  const apart = Math.max(...scores(now)) < Math.min(...scores(before));
  return { what, before: a, now: b, unit: 'points', regressed: apart && a - b >= band.scorePoints };
}

/** An endpoint regressed when both its median and its 95th percentile are worse by more than the band: one slow answer moves one of them. */
function endpointFigures(now: PerfFigures, before: PerfFigures, band: NoiseBand): readonly Comparison[] {
  return now.endpoints.flatMap((endpoint) => {
    const same = before.endpoints.find(({ method, path }) => method === endpoint.method && path === endpoint.path);
    if (same === undefined) return [];
    const worse = (of: (statistics: EndpointFigures) => number) => isBeyond(of(same.statistics), of(endpoint.statistics), band);
    const regressed = worse(({ p50Ms }) => p50Ms) && worse(({ p95Ms }) => p95Ms);
    const what = `p95 of ${endpoint.method} ${endpoint.path}`;
    return [{ what, before: same.statistics.p95Ms, now: endpoint.statistics.p95Ms, unit: 'ms' as const, regressed }];
  });
}

function isBeyond(before: number, now: number, { share, ms }: NoiseBand): boolean {
  return now - before >= ms && now - before >= before * share;
}

function middle(values: readonly number[]): number | undefined {
  const ascending = values.toSorted((a, b) => a - b);
  return ascending[Math.floor((ascending.length - 1) / 2)];
}
