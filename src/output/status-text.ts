import type { GateResult, ReleaseRecord } from '../core/release.ts';
import type { Finding } from '../core/verdict.ts';
import { cleanFor, findingLines } from './human.ts';
import { formatMoment } from './measures.ts';
import { paintOf, type TextView, verdictMark } from './paint.ts';
import { renderFacts, renderTable } from './table.ts';

/** What `status` knows about an environment. */
export interface StatusView {
  readonly environment: string;
  readonly target: 'cloud' | 'local';
  /** Address of the app, or null when nothing is out yet. */
  readonly url: string | null;
  /** Resources by kind ("Supabase project"), with their state in one line. */
  readonly resources: readonly { readonly kind: string; readonly name: string; readonly state: string }[];
  /** Oldest first, as the database holds it. */
  readonly releases: readonly ReleaseRecord[];
}

/** How many releases `status` lists. */
const listedReleases = 10;

/** Returns `status` for people: where the app is, its resources, and the newest releases with the live one marked. */
export function renderStatusText(status: StatusView, view: TextView): string {
  const shown = cleanFor(view, status);
  const paint = paintOf(view.color);
  const layout = { columns: view.columns, indent: 2, minimum: [1, 12, 10, 10, 10] };
  const facts = renderFacts(
    [
      ['target', shown.target],
      ['address', shown.url ?? 'nothing is out yet'],
    ],
    { columns: view.columns, indent: 2, paint },
  );
  const resources = shown.resources.map((each) => [{ text: each.kind, color: paint.gray }, { text: each.name }, { text: each.state }]);
  const releases = shown.releases.slice(-listedReleases).toReversed();
  const rows = releases.map((release, at) => releaseRow(release, at === 0, paint));
  const older = shown.releases.length - releases.length;
  const lines = [
    paint.bold(shown.environment),
    ...facts,
    ...(resources.length === 0 ? [] : ['', paint.bold('Resources'), ...renderTable(resources, { ...layout, minimum: [12, 10, 10] })]),
    '',
    paint.bold('Releases'),
    ...(rows.length === 0 ? [paint.gray('  none yet')] : renderTable(rows, layout)),
    ...(older === 0 ? [] : [paint.gray(`  … ${older} older`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function releaseRow(release: ReleaseRecord, live: boolean, paint: ReturnType<typeof paintOf>) {
  return [
    { text: live ? '●' : '', color: paint.green },
    { text: release.id, color: live ? paint.bold : undefined },
    { text: release.kind },
    { text: release.gitSha.slice(0, 12) + (release.dirty ? '+' : '') },
    { text: `${formatMoment(release.createdAt)} by ${release.actor}`, color: paint.gray },
    { text: gateSigns(release.gates) },
  ];
}

/** One sign a gate, in their order: `✔ smoke ✖ perf`. */
function gateSigns(gates: readonly GateResult[]): string {
  return gates.map((gate) => `${verdictMark(gate.verdict).sign} ${gate.gate}`).join(' ');
}

/** Returns `doctor` for people: one row a thing looked at, and for what is not well why and how to mend it. */
export function renderDoctorText(findings: readonly Finding[], view: TextView): string {
  const shown = cleanFor(view, findings);
  const paint = paintOf(view.color);
  const bad = shown.filter(({ verdict }) => verdict === 'red' || verdict === 'inconclusive').length;
  const head =
    bad === 0 ? paint.green('✔ Everything that is needed is here.') : paint.red(`✖ ${bad} of ${shown.length} things need mending.`);
  return `${[...findingLines(shown, view), '', head].join('\n')}\n`;
}
