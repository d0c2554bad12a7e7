import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { RestorePoint, RestorePoints } from '../../core/ports/restore-points.ts';
import { waitUntil } from '../../core/run/wait.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { createOnce } from '../http/create-once.ts';
import { newId } from '../system/ids.ts';
import { databaseProject, projectSchema } from './supabase-database-platform.ts';

/** What the port needs beside the API itself. */
export interface PlatformPointsOptions {
  /** The project's ref. */
  readonly ref: () => string;
  readonly clock: Clock;
}

// Shapes: contracts.md §2.3 (OpenAPI file of 2026-06-01: V1RestorePointResponse; a name has at most 20 characters).
const pointSchema = z.object({ name: z.string(), status: z.string(), completed_on: z.string().nullish() });
const nameLength = 20;

const takeDeadlineMs = 15 * 60_000;
const restoreDeadlineMs = 30 * 60_000;

/** Table whose row says that a restore was asked for: gone with it when the database has really gone back. */
const mark = 'jv_staging.restoring';

/**
 * Returns restore points that Supabase keeps (Management API): the whole database, release history and Auth users included. What they
 * cost and how long they are kept is the platform's; it tells of one only by its name.
 */
export function supabaseRestorePoints(api: ApiClient, options: PlatformPointsOptions): RestorePoints {
  return {
    take: (_reason, signal) => take(api, options, signal),
    list: async (named, signal) => {
      const ids = named.filter((id) => id.startsWith('rp_'));
      const found = await Promise.all(ids.map((id) => find(api, options.ref(), id, signal)));
      const points = found.filter((point) => point?.status === 'AVAILABLE').flatMap((point) => (point === undefined ? [] : [point]));
      return points.map((point) => pointOf(point, options.ref())).toSorted((left, right) => (left.createdAt < right.createdAt ? 1 : -1));
    },
    restore: (id, signal) => restore(api, options, id, signal),
    prune: () => Promise.resolve([]),
    reseal: () => Promise.resolve({ sealed: 0, unopened: [] }),
  };
}

type PointBody = z.infer<typeof pointSchema>;

function pointOf({ name, completed_on: completedOn }: PointBody, ref: string): RestorePoint {
  // Our names begin with the time that they were made at (`newId`).
  const createdAt = completedOn ?? new Date(Number.parseInt(name.slice(3, 12), 36)).toISOString();
  return { id: name, kind: 'platform', place: `Supabase project ${ref}`, reason: null, sizeBytes: null, createdAt, expiresAt: null };
}

const pointPath = (ref: string) => apiPath`/v1/projects/${ref}/database/backups/restore-point`;

async function find(api: ApiClient, ref: string, name: string, signal: AbortSignal): Promise<PointBody | undefined> {
  const request = { method: 'GET' as const, path: pointPath(ref), query: { name }, accept: [400, 404], signal };
  const answer = await api.send(request);
  if (answer.status >= 400) return undefined;
  const point = api.parse(request, answer, pointSchema);
  return point.name === name ? point : undefined;
}

async function take(api: ApiClient, { ref: refOf, clock }: PlatformPointsOptions, signal: AbortSignal): Promise<RestorePoint> {
  const ref = refOf();
  const name = newId('rp', clock.nowMs()).slice(0, nameLength);
  let point: PointBody | undefined = await createOnce(
    () => create(api, ref, name, signal),
    () => find(api, ref, name, signal),
  );
  const look = async () => {
    if (point?.status === 'PENDING') point = (await find(api, ref, name, signal)) ?? point;
    return point?.status === 'PENDING' ? `restore point ${name}, which is pending` : undefined;
  };
  const late = (missing: string) => failed(name, `after ${takeDeadlineMs / 60_000} minutes the platform still lacks ${missing}`);
  await waitUntil(look, { clock, signal, deadlineMs: takeDeadlineMs, intervalMs: 1_000, late });
  if (point.status !== 'AVAILABLE') throw failed(name, `the platform says ${point.status}`);
  return pointOf(point, ref);
}

async function create(api: ApiClient, ref: string, name: string, signal: AbortSignal): Promise<PointBody> {
  const request = {
    method: 'POST' as const,
    path: pointPath(ref),
    json: { name },
    accept: [400, 402, 403, 404, 422],
    attemptMs: 120_000,
    signal,
  };
  const answer = await api.send(request);
  if (answer.status < 400) return api.parse(request, answer, pointSchema);
  throw new StagingError(
    'missing',
    'RESTORE_POINT_UNSUPPORTED',
    `Supabase keeps no restore point of project ${ref}: it answered with status ${answer.status}.`,
    {
      fix: 'Set `restorePoints: { kind: "dump", dir }` in the configuration, or a plan and a token of the project that allow it.',
      cause: api.refusal(request, answer),
    },
  );
}

async function restore(api: ApiClient, { ref: refOf, clock }: PlatformPointsOptions, id: string, signal: AbortSignal): Promise<void> {
  const ref = refOf();
  const point = await find(api, ref, id, signal);
  if (point?.status !== 'AVAILABLE') {
    throw new StagingError(
      'missing',
      'RESTORE_POINT_NOT_FOUND',
      `Supabase has no restore point ${id} of project ${ref} that is available.`,
      {
        fix: 'Run `jv-staging status` to see the restore points.',
      },
    );
  }
  const sql = `create schema if not exists jv_staging; create table if not exists ${mark} (point text primary key); alter table ${mark} enable row level security; insert into ${mark} values ('${id}') on conflict do nothing`;
  await query(api, ref, sql, signal);
  await api.send({ method: 'POST', path: apiPath`/v1/projects/${ref}/database/backups/undo`, json: { name: id }, signal });
  const look = () => whatIsMissing(api, ref, signal);
  const late = (missing: string) =>
    new StagingError(
      'vendor',
      'RESTORE_FAILED',
      `After ${restoreDeadlineMs / 60_000} minutes project ${ref} is not back at ${id}: ${missing}.`,
      {
        fix: 'Look at the project in the Supabase dashboard, then run the same command again.',
      },
    );
  await waitUntil(look, { clock, signal, deadlineMs: restoreDeadlineMs, intervalMs: 500, late });
}

/** The project's own word is not enough: it may still be what it was before. The mark goes only with the database of before. */
async function whatIsMissing(api: ApiClient, ref: string, signal: AbortSignal): Promise<string | undefined> {
  const { state } = databaseProject(await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}`, signal }, projectSchema));
  if (state === 'failed')
    throw new StagingError('vendor', 'RESTORE_FAILED', `Supabase could not restore project ${ref}.`, {
      fix: 'Look at the project in the Supabase dashboard.',
    });
  if (state !== 'healthy') return `the project is ${state}`;
  const path = apiPath`/v1/projects/${ref}/database/query/read-only`;
  const request = {
    method: 'POST' as const,
    path,
    json: { query: `select to_regclass('${mark}') is null as back` },
    accept: [400, 503, 544],
    repeatable: true,
    signal,
  };
  const answer = await api.send(request);
  if (answer.status >= 400) return 'the database does not answer yet';
  const [row] = api.parse(request, answer, z.array(z.object({ back: z.boolean() })));
  return row?.back === true ? undefined : 'the database still is what it was before';
}

async function query(api: ApiClient, ref: string, sql: string, signal: AbortSignal): Promise<void> {
  await api.send({ method: 'POST', path: apiPath`/v1/projects/${ref}/database/query`, json: { query: sql }, repeatable: true, signal });
}

function failed(name: string, why: string): StagingError {
  return new StagingError('vendor', 'RESTORE_POINT_FAILED', `Supabase made no restore point ${name}: ${why}.`, {
    fix: 'Run the same command again, or set `restorePoints: { kind: "dump", dir }` in the configuration.',
  });
}
