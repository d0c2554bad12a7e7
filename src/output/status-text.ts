import type { LocalStatus } from '../core/local/endpoints.ts';
import type { GateResult } from '../core/release/release.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import { cleanFor } from './human.ts';
import { formatAge, formatBytes, formatMoment, formatShare } from './measures.ts';
import { paintOf, type TextView } from './paint.ts';
import { isNarrow } from './narrow.ts';
import { type Cell, renderFacts, renderTable, type TableLayout } from './table.ts';
import { wrapTo } from './text-width.ts';

/** An id is copied whole: `rel_` and 19 digits. */
const releaseIdWidth = 23;

/** How many releases `status` lists on one screen (80 by 24). */
const listedReleases = 3;

/** How `status` is shown. */
export interface StatusView extends TextView {
  /** True: every release and restore point, however long that is. */
  readonly all?: boolean | undefined;
}

/** Returns `status` for people: what is live and how it stands, on one screen; the newest releases with the live one marked. */
export function renderStatusText(status: EnvironmentStatus, view: StatusView): string {
  const shown = cleanFor(view, status);
  const paint = paintOf(view.color);
  const layout = { columns: view.columns, indent: 2, minimum: [1, releaseIdWidth, 6, 12, 8, 8] };
  const releases = view.all === true ? shown.releases : shown.releases.slice(0, listedReleases);
  const live = releases.find((release) => release.vercelDeploymentId === shown.liveDeployment);
  const rows = releases.map((release) => releaseRow(release, release === live, paint));
  const older = shown.releases.length - releases.length;
  const lines = [
    paint.bold(`${shown.name} (${shown.environment}, target ${shown.target})`),
    ...renderFacts(statusFacts(shown), { columns: view.columns, indent: 2, paint }),
    '',
    paint.bold('Releases'),
    ...(rows.length === 0 ? [paint.gray('  none yet')] : listed(rows, layout)),
    ...(older === 0 ? [] : [paint.gray(`  … ${older} older (\`status --all\`)`)]),
    ...(view.all === true ? restorePointLines(shown, view.columns, paint) : []),
  ];
  return `${lines.join('\n')}\n`;
}

function statusFacts(status: EnvironmentStatus): readonly (readonly [string, string])[] {
  const { vercelProject, supabaseProject, upstashDatabase } = status.resources;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['address', status.url],
    ['open here', status.openUrl === status.url ? undefined : status.openUrl],
    ['live', liveText(status)],
    ['variables', variablesText(status)],
    ['schema', schemaText(status)],
    ['drift', driftText(status)],
    ['gates', gatesText(status)],
    ['queues', queuesText(status)],
    ['cost', costText(status)],
    ['restore', restoreText(status)],
    [
      'at',
      [vercelProject ?? 'no Vercel project', supabaseProject ?? 'no Supabase project', upstashDatabase ?? 'no Upstash database'].join(', '),
    ],
  ];
  return facts.flatMap(([label, text]) => (text === undefined ? [] : [[label, text] as const]));
}

function liveText({ live, liveDeployment, recordMatches, unrecorded, autoAssignDomains }: EnvironmentStatus): string {
  if (liveDeployment === null) return 'nothing is out yet';
  const pinned = autoAssignDomains === false ? '; pinned by a rollback until the next deploy' : '';
  const foreign = recordMatches === false ? ', which is not what the newest release record names' : '';
  const other = unrecorded.length === 0 ? foreign : '; not recorded yet: the next deploy or rollback records it';
  const age = live === null ? '' : `commit ${live.gitSha.slice(0, 12)}${live.dirty ? '+' : ''}, ${formatAge(live.ageMs)} old, `;
  return `${age}${liveDeployment}${other}${pinned}`;
}

function variablesText({ variablesNotLive }: EnvironmentStatus): string {
  if (variablesNotLive === null) return 'unknown: nothing is out yet';
  if (variablesNotLive.length === 0) return 'as the live deployment has them';
  return `newer than the deployment, not live until the next deploy: ${few(variablesNotLive)}`;
}

function schemaText({ migrations, contractWaiting }: EnvironmentStatus): string {
  if (migrations === null) return 'unknown: there is no database yet';
  const waiting = contractWaiting.length === 0 ? '' : `; ${contractWaiting.join(', ')} waits for \`deploy --contract\``;
  return `${migrations.head ?? 'empty'}, ${migrations.applied} migrations applied, ${migrations.pending} pending${waiting}`;
}

function driftText({ drift }: EnvironmentStatus): string {
  if (drift.differing === null) return `unknown: ${drift.why ?? 'it was not asked for'}`;
  if (drift.differing.length === 0) return `none in ${drift.compared} things (\`status --drift\` looks into the database, too)`;
  return `${drift.differing.length} of ${drift.compared} things: ${few(drift.differing)}`;
}

function gatesText({ gates }: EnvironmentStatus): string {
  if (gates.length === 0) return 'none of this release yet';
  return gates
    .map(
      ({ gate, verdict, short, ageMs }) =>
        `${gate} ${short === null ? verdict : `short (${short})`}${ageMs === null ? '' : ` ${formatAge(ageMs)} ago`}`,
    )
    .join(', ');
}

function queuesText({ queues }: EnvironmentStatus): string {
  if (queues === null) return 'unknown: Redis was not read';
  if (queues.length === 0) return 'none in the configuration';
  return queues.map(({ queue, waiting, active, failed }) => `${queue}: ${waiting} waiting, ${active} active, ${failed} failed`).join('; ');
}

function costText({ cost }: EnvironmentStatus): string {
  if (cost === null) return 'unknown';
  const { knownUsdPerMonth, productionUsdPerMonth, unknown } = cost;
  const share = productionUsdPerMonth === null ? '' : `, ${formatShare(knownUsdPerMonth / productionUsdPerMonth)} of production’s`;
  const missing = unknown.length === 0 ? '' : `; unknown: ${unknown.map(({ what }) => what).join(', ')}`;
  return `$${knownUsdPerMonth} a month${share}${missing}`;
}

/** The first few names, and how many more there are. */
function few(names: readonly string[]): string {
  const most = 3;
  return names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

function releaseRow(release: EnvironmentStatus['releases'][number], live: boolean, paint: ReturnType<typeof paintOf>) {
  return [
    { text: live ? '●' : '', color: paint.green },
    { text: release.id, color: live ? paint.bold : undefined },
    { text: release.kind },
    { text: release.gitSha.slice(0, 12) + (release.dirty ? '+' : '') },
    { text: formatMoment(release.createdAt).replace(' UTC', ''), color: paint.gray },
    { text: gateSigns(release.gates) },
  ];
}

/** A table; on a narrow page each row is a text of its own, since six columns would break every word. */
function listed(rows: readonly (readonly Cell[])[], layout: TableLayout): readonly string[] {
  if (!isNarrow(layout.columns)) return renderTable(rows, layout);
  return rows.flatMap((row) => {
    const [first, ...rest] = row.filter(({ text }) => text !== '');
    const isMark = first?.text === '●';
    const said = (isMark ? rest : row.filter(({ text }) => text !== '')).map(({ text }) => text).join(', ');
    const mark = isMark ? (first.color?.('●') ?? '●') : ' ';
    return wrapTo(said, layout.columns - 4).map((line, at) => (at === 0 ? `  ${mark} ${line}` : `    ${line}`).trimEnd());
  });
}

function restoreText({ restorePoints }: EnvironmentStatus): string {
  if (restorePoints === null) return 'unknown: there is no database yet';
  const [newest] = restorePoints.points.toSorted((a, b) => a.ageMs - b.ageMs);
  if (newest === undefined) return 'no point';
  return `${restorePoints.points.length} points, the newest ${newest.id}, ${formatAge(newest.ageMs)} old`;
}

/** How old each restore point is, its size and place, and how many are kept; nothing when there is none. */
function restorePointLines({ restorePoints }: EnvironmentStatus, columns: number, paint: ReturnType<typeof paintOf>): readonly string[] {
  if (restorePoints === null || restorePoints.points.length === 0) return [];
  const { points, keep } = restorePoints;
  const rows = points.map((point) => [
    { text: point.id },
    { text: `${formatAge(point.ageMs)} old` },
    { text: point.sizeBytes === null ? '' : formatBytes(point.sizeBytes) },
    { text: point.expiresAt === null ? keptText(point.kind, keep) : `until ${formatMoment(point.expiresAt)}` },
    { text: point.place, color: paint.gray },
  ]);
  return ['', paint.bold('Restore points'), ...listed(rows, { columns, indent: 2, minimum: [10, 8, 6, 10, 12] })];
}

function keptText(kind: 'platform' | 'dump', keep: number): string {
  return kind === 'dump' ? `the newest ${keep} are kept` : 'kept by Supabase’s rules';
}

/** How many gates were green: `2/2 green`. */
function gateSigns(gates: readonly GateResult[]): string {
  if (gates.length === 0) return 'no gates';
  return `${gates.filter((gate) => gate.verdict === 'green').length}/${gates.length} green`;
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
