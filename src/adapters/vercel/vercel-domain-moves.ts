import { z } from 'zod';
import type { Clock } from '../../core/ports/clock.ts';
import type { DomainMoves } from '../../core/ports/hosting.ts';
import { apiPath } from '../http/api-path.ts';
import { VendorError } from '../http/api-error.ts';
import type { VercelApi } from './vercel-api.ts';

const aliasRequestSchema = z.object({
  toDeploymentId: z.string(),
  jobStatus: z.enum(['pending', 'in-progress', 'succeeded', 'failed', 'skipped']),
  type: z.string().optional(),
});

const projectSchema = z.object({ lastAliasRequest: aliasRequestSchema.nullish() });

type AliasRequest = z.infer<typeof aliasRequestSchema>;

/** How long a move may take, and the first and longest wait between two looks at it. */
export interface MoveTiming {
  readonly deadlineMs: number;
  readonly firstWaitMs: number;
  readonly maxWaitMs: number;
}

const defaultTiming: MoveTiming = { deadlineMs: 180_000, firstWaitMs: 100, maxWaitMs: 2_000 };

/** Returns the port over Vercel's REST API. */
export function vercelDomainMoves(api: VercelApi, clock: Clock, timing: MoveTiming = defaultTiming): DomainMoves {
  const context = { api, clock, timing };
  return {
    promote: (projectId, deploymentId, signal) =>
      move(
        context,
        { verb: 'promote', path: apiPath`/v10/projects/${projectId}/promote/${deploymentId}`, projectId, deploymentId },
        signal,
      ),
    rollback: (projectId, deploymentId, signal) =>
      move(
        context,
        { verb: 'rollback', path: apiPath`/v1/projects/${projectId}/rollback/${deploymentId}`, projectId, deploymentId },
        signal,
      ),
  };
}

interface Context {
  readonly api: VercelApi;
  readonly clock: Clock;
  readonly timing: MoveTiming;
}

interface Move {
  readonly verb: 'promote' | 'rollback';
  readonly path: string;
  readonly projectId: string;
  readonly deploymentId: string;
}

async function move(context: Context, wanted: Move, signal: AbortSignal): Promise<void> {
  const endMs = context.clock.nowMs() + context.timing.deadlineMs;
  // 409 means that the deployment is current already, or that another move is under way: wait for that one, then ask again.
  const answer = await context.api.send({ method: 'POST', path: wanted.path, json: {}, repeatable: true, accept: [409], signal });
  if (answer.status !== 409) return settle(context, wanted, endMs, signal);
  const other = await finished(context, wanted, endMs, signal, () => true);
  if (other === undefined || other.toDeploymentId === wanted.deploymentId) return;
  const second = await context.api.send({ method: 'POST', path: wanted.path, json: {}, repeatable: true, accept: [409], signal });
  if (second.status !== 409) await settle(context, wanted, endMs, signal);
}

async function settle(context: Context, wanted: Move, endMs: number, signal: AbortSignal): Promise<void> {
  const request = await finished(context, wanted, endMs, signal, (seen) => seen?.toDeploymentId === wanted.deploymentId);
  if (request?.jobStatus === 'succeeded') return;
  throw new VendorError(
    'vendor',
    'VERCEL_DOMAIN_MOVE_FAILED',
    `Vercel did not ${wanted.verb} ${wanted.deploymentId}: its job ended as ${request?.jobStatus ?? 'unknown'}.`,
    {
      fix: 'Run `jv-staging status` to see which deployment the domain points to, then run the same command again.',
    },
  );
}

/** Waits until the project's last alias request is ours (`isOurs`) and has ended; returns it. */
async function finished(
  { api, clock, timing }: Context,
  wanted: Move,
  endMs: number,
  signal: AbortSignal,
  isOurs: (request: AliasRequest | undefined) => boolean,
): Promise<AliasRequest | undefined> {
  let waitMs = timing.firstWaitMs;
  for (;;) {
    const path = apiPath`/v9/projects/${wanted.projectId}`;
    const { lastAliasRequest } = await api.read({ method: 'GET', path, query: { rollbackInfo: true }, signal }, projectSchema);
    const request = lastAliasRequest ?? undefined;
    const running = request?.jobStatus === 'pending' || request?.jobStatus === 'in-progress';
    if (isOurs(request) && !running) return request;
    if (clock.nowMs() + waitMs > endMs) throw timedOut(wanted, timing);
    await clock.sleep(waitMs, signal);
    waitMs = Math.min(waitMs * 2, timing.maxWaitMs);
  }
}

function timedOut(wanted: Move, timing: MoveTiming): VendorError {
  const message = `Vercel did not ${wanted.verb} ${wanted.deploymentId} within ${Math.round(timing.deadlineMs / 1000)} s.`;
  return new VendorError('vendor', 'VERCEL_DOMAIN_MOVE_TIMEOUT', message, {
    outcomeUnknown: true,
    fix: 'Run the same command again: it reads where the domain points first.',
  });
}
