import { judgePage } from '../../core/perf/judge.ts';
import { budgetsInsideSpread, nextRunCount } from '../../core/perf/page-budgets.ts';
import type { FormFactor, PerfPage, PerfSettings } from '../../core/perf/perf.ts';
import type { PageRun } from '../../core/ports/measure.ts';
import { stepVerdict } from '../../core/run/stage.ts';
import type { Step } from '../../core/run/step.ts';
import type { Finding } from '../../core/verdict.ts';
import { identityHeaders } from '../isolation/identities.ts';
import type { PerfDeps, PerfState } from './state.ts';

/** Returns the step that audits the pages, one after the other: each as each form factor, as often as its spread asks for. */
export function pagesStep(deps: PerfDeps, state: PerfState): Step {
  const { pages, formFactors } = deps.settings;
  return {
    id: 'pages',
    title: 'Audit pages',
    steps: () => pages.flatMap((page) => formFactors.map((formFactor) => pageStep(deps, state, { page, formFactor }))),
  };
}

/** Returns the key of a page's runs in the state. */
export function runsKey(page: PerfPage, formFactor: FormFactor): string {
  return `${page.id} ${formFactor}`;
}

function pageStep(
  { settings, target, audit }: PerfDeps,
  state: PerfState,
  { page, formFactor }: { readonly page: PerfPage; readonly formFactor: FormFactor },
): Step {
  const isPhone = formFactor === 'mobile';
  return {
    id: isPhone ? `${page.id}-mobile` : page.id,
    title: `Lighthouse ${page.path}${isPhone ? ' (mobile)' : ''}`,
    run: async (io) => {
      const runs: PageRun[] = [];
      const headers = identityHeaders(page.as, state.signedIn);
      for (let wanted = settings.runs; runs.length < wanted; wanted = Math.max(wanted, nextRunCount(runs, settings.budgets))) {
        io.note(runNote(runs, wanted, settings));
        runs.push(await audit.audit(target, { path: page.path, headers, formFactor }, io.signal));
      }
      state.pages.set(runsKey(page, formFactor), runs);
      return overall(judgePage({ page, formFactor, runs }, target.origin, settings));
    },
  };
}

function runNote(runs: readonly PageRun[], wanted: number, { runs: configured, budgets }: PerfSettings): string {
  const undecided = runs.length < configured ? [] : budgetsInsideSpread(runs, budgets);
  const scores = runs.length === 0 ? '' : `, scores ${runs.map((done) => done.score).join('/')}`;
  const why = undecided.map((budget) => `${budget.expected(budgets)} lies inside the spread of ${budget.title}`).join(', ');
  return `run ${runs.length + 1} of ${wanted}${scores}${why === '' ? '' : `; ${why}`}`;
}

/** Returns what a page's own step shows: the first finding that is not green, else the score. */
function overall(findings: readonly Finding[]) {
  const shown = findings.find((finding) => finding.verdict !== 'green') ?? findings.find((finding) => finding.id.endsWith('-score'));
  return shown === undefined ? undefined : stepVerdict(shown);
}
