import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { ScratchDatabases } from '../../core/ports/rehearsal.ts';
import { waitUntil } from '../../core/run/wait.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { newId } from '../system/ids.ts';

/** What the copies need beside the API. */
export interface BranchCopiesOptions {
  /** The project's ref. */
  readonly ref: () => string;
  readonly clock: Clock;
}

// Shapes: contracts.md §2.3 (OpenAPI file of 2026-06-01: BranchResponse, BranchDetailResponse).
const branchSchema = z.object({ id: z.string(), name: z.string() });
const detailSchema = z.object({
  status: z.string(),
  db_host: z.string(),
  db_port: z.number(),
  db_user: z.string().optional(),
  db_pass: z.string().optional(),
  ref: z.string(),
});

const deadlineMs = 20 * 60_000;

/** Prefix of the branches that we make; those of a run that was killed are removed by the next. */
const prefix = 'jv-rehearsal-';

/** Returns copies as Supabase branches with data (Management API); a branch costs as a project does until it is removed. */
export function supabaseBranchCopies(api: ApiClient, options: BranchCopiesOptions): ScratchDatabases {
  return {
    copy: async (signal) => {
      const ref = options.ref();
      const branches = await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}/branches`, signal }, z.array(branchSchema));
      for (const { id, name } of branches) if (name.startsWith(prefix)) await removeBranch(api, id, signal);
      const name = `${prefix}${newId('b', options.clock.nowMs())}`.toLowerCase();
      const id = await createBranch(api, ref, name, signal);
      const remove = () => removeBranch(api, id, AbortSignal.timeout(60_000));
      try {
        return { url: await readyUrl(api, { id, name, clock: options.clock }, signal), name: `branch ${name} of project ${ref}`, remove };
      } catch (error) {
        await remove();
        throw error;
      }
    },
  };
}

async function createBranch(api: ApiClient, ref: string, name: string, signal: AbortSignal): Promise<string> {
  const request = {
    method: 'POST' as const,
    path: apiPath`/v1/projects/${ref}/branches`,
    json: { branch_name: name, with_data: true },
    accept: [400, 402, 403, 404, 422],
    attemptMs: 120_000,
    signal,
  };
  const answer = await api.send(request);
  if (answer.status < 400) return api.parse(request, answer, branchSchema).id;
  throw new StagingError(
    'missing',
    'SCRATCH_NOT_ALLOWED',
    `Supabase makes no branch of project ${ref}: it answered with status ${answer.status}.`,
    {
      fix: 'Choose a plan with branching and a token that may use it, or rehearse on another Postgres with `--db-url-env NAME`.',
      cause: api.refusal(request, answer),
    },
  );
}

async function readyUrl(
  api: ApiClient,
  { id, name, clock }: { readonly id: string; readonly name: string; readonly clock: Clock },
  signal: AbortSignal,
): Promise<string> {
  let detail: z.infer<typeof detailSchema> | undefined;
  const look = async () => {
    detail = await api.read({ method: 'GET', path: apiPath`/v1/branches/${id}`, signal }, detailSchema);
    if (detail.status === 'ACTIVE_HEALTHY') return undefined;
    if (['INIT_FAILED', 'RESTORE_FAILED', 'REMOVED'].includes(detail.status)) throw failed(name, `the platform says ${detail.status}`);
    return `branch ${name}, which is ${detail.status}`;
  };
  const late = (missing: string) => failed(name, `after ${deadlineMs / 60_000} minutes the platform still lacks ${missing}`);
  await waitUntil(look, { clock, signal, deadlineMs, intervalMs: 1_000, late });
  if (detail?.db_user === undefined || detail.db_pass === undefined) throw failed(name, 'the platform told no user and password of it');
  const user = encodeURIComponent(detail.db_user);
  return `postgresql://${user}:${encodeURIComponent(detail.db_pass)}@${detail.db_host}:${detail.db_port}/${databaseOf(detail)}`;
}

/** The database of a branch is `postgres` on the platform; on loopback one server holds all projects, each a database named by its ref. */
function databaseOf({ db_host: host, ref }: z.infer<typeof detailSchema>): string {
  return host === '127.0.0.1' ? ref : 'postgres';
}

async function removeBranch(api: ApiClient, id: string, signal: AbortSignal): Promise<void> {
  await api.send({ method: 'DELETE', path: apiPath`/v1/branches/${id}`, accept: [404], signal });
}

function failed(name: string, reason: string): StagingError {
  return new StagingError('vendor', 'SCRATCH_FAILED', `The branch ${name} did not come up: ${reason}.`, {
    fix: 'Run the same command again: the branch was removed.',
  });
}
