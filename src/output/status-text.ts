import type { LocalStatus } from '../core/local/endpoints.ts';
import type { GateResult } from '../core/release/release.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import type { Finding } from '../core/verdict.ts';
import { cleanFor, findingLines } from './human.ts';
import { formatAge, formatBytes, formatMoment } from './measures.ts';
import { paintOf, type TextView } from './paint.ts';
import { renderFacts, renderTable } from './table.ts';

/** How many releases `status` lists. */
const listedReleases = 10;

/** Returns `status` for people: where the app is, its resources, and the newest releases with the live one marked. */
export function renderStatusText(status: EnvironmentStatus, view: TextView): string {
  const shown = cleanFor(view, status);
  const paint = paintOf(view.color);
  const layout = { columns: view.columns, indent: 2, minimum: [1, 12, 10, 10, 10] };
  const facts = renderFacts(
    [
      ['target', shown.target],
      ['address', shown.url],
      ...(shown.openUrl === shown.url ? [] : [['open here', shown.openUrl] as const]),
      ['live', liveText(shown)],
      ['schema', schemaText(shown)],
      ...(shown.variablesNotLive === null || shown.variablesNotLive.length === 0
        ? []
        : [['variables', `${shown.variablesNotLive.join(', ')} changed since: not live until the next deploy`] as const]),
    ],
    { columns: view.columns, indent: 2, paint },
  );
  const { vercelProject, supabaseProject, upstashDatabase } = shown.resources;
  const resources = [
    ['Vercel project', vercelProject],
    ['Supabase project', supabaseProject],
    ['Upstash database', upstashDatabase],
  ].map(([kind, id]) => [{ text: kind ?? '', color: paint.gray }, { text: shown.name }, { text: id ?? 'not there' }]);
  const releases = shown.releases.slice(0, listedReleases);
  const live = releases.find((release) => release.vercelDeploymentId === shown.liveDeployment);
  const rows = releases.map((release) => releaseRow(release, release === live, paint));
  const older = shown.releases.length - releases.length;
  const lines = [
    paint.bold(`${shown.name} (${shown.environment})`),
    ...facts,
    '',
    paint.bold('Resources'),
    ...renderTable(resources, { ...layout, minimum: [12, 10, 10] }),
    '',
    paint.bold('Releases'),
    ...(rows.length === 0 ? [paint.gray('  none yet')] : renderTable(rows, layout)),
    ...(older === 0 ? [] : [paint.gray(`  … ${older} older`)]),
    ...restorePointLines(shown, view.columns, paint),
  ];
  return `${lines.join('\n')}\n`;
}

function liveText(status: EnvironmentStatus): string {
  if (status.liveDeployment === null) return 'nothing is out yet';
  const pinned = status.autoAssignDomains === false ? '; pinned by a rollback until the next deploy' : '';
  return `${status.liveDeployment}${status.recordMatches === false ? ', which is not what the newest release record names' : ''}${pinned}`;
}

function schemaText({ migrations, contractWaiting }: EnvironmentStatus): string {
  if (migrations === null) return 'unknown: there is no database yet';
  const waiting = contractWaiting.length === 0 ? '' : `; ${contractWaiting.join(', ')} waits for \`deploy --contract\``;
  return `${migrations.head ?? 'empty'}, ${migrations.applied} migrations applied, ${migrations.pending} pending${waiting}`;
}

function releaseRow(release: EnvironmentStatus['releases'][number], live: boolean, paint: ReturnType<typeof paintOf>) {
  return [
    { text: live ? '●' : '', color: paint.green },
    { text: release.id, color: live ? paint.bold : undefined },
    { text: release.kind },
    { text: release.gitSha.slice(0, 12) + (release.dirty ? '+' : '') },
    { text: `${formatMoment(release.createdAt)} by ${release.actor}`, color: paint.gray },
    { text: gateSigns(release.gates) },
  ];
}

/** How old each restore point is, its size and place, and how many are kept; nothing when there is none. */
function restorePointLines({ restorePoints }: EnvironmentStatus, columns: number, paint: ReturnType<typeof paintOf>): readonly string[] {
  if (restorePoints === null || restorePoints.points.length === 0) return [];
  const { points, keep } = restorePoints;
  const rows = points
    .slice(0, listedReleases)
    .map((point) => [
      { text: point.id },
      { text: `${formatAge(point.ageMs)} old` },
      { text: point.sizeBytes === null ? '' : formatBytes(point.sizeBytes) },
      { text: point.expiresAt === null ? keptText(point.kind, keep) : `until ${formatMoment(point.expiresAt)}` },
      { text: point.place, color: paint.gray },
    ]);
  return ['', paint.bold('Restore points'), ...renderTable(rows, { columns, indent: 2, minimum: [10, 8, 6, 10, 12] })];
}

function keptText(kind: 'platform' | 'dump', keep: number): string {
  return kind === 'dump' ? `the newest ${keep} are kept` : 'kept by Supabase’s rules';
}

/** How many gates were green: `2/2 green`. */
function gateSigns(gates: readonly GateResult[]): string {
  if (gates.length === 0) return 'no gates';
  return `${gates.filter((gate) => gate.verdict === 'green').length}/${gates.length} green`;
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

/** Returns `local status` for people: whether the local cloud runs, and each of its parts. */
export function renderLocalStatusText(status: LocalStatus, view: TextView): string {
  const shown = cleanFor(view, status);
  const paint = paintOf(view.color);
  if (!shown.running) return `${paint.gray('The local cloud is not running.')}\n`;
  const rows = shown.services.map((service) => [
    { text: service.state === 'running' ? '✔' : '✖', color: service.state === 'running' ? paint.green : paint.red },
    { text: service.name },
    { text: service.state },
    { text: service.detail ?? '', color: paint.gray },
  ]);
  const head = `The local cloud is running (process ${shown.pid ?? 'unknown'}, since ${formatMoment(shown.startedAt ?? 'unknown')}).`;
  return `${[head, ...renderTable(rows, { columns: view.columns, indent: 2, minimum: [1, 10, 7, 10] })].join('\n')}\n`;
}
