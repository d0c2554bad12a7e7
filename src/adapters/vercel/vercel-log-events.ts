import { z } from 'zod';
import type { LogEntry } from '../../core/logs/logs.ts';
import type { AppLogs } from '../../core/ports/logs.ts';
import { apiPath } from '../http/api-path.ts';
import type { VercelApi } from './vercel-api.ts';

// What the vendor's own command line reads logs by (npm `vercel` 64.0.2, `vercel logs`), read 2026-11-27: the OpenAPI file has no route with
// a span of time. `GET …/runtime-logs`, which it has, tells of what comes from now on.
const pageSchema = z.object({
  events: z.array(
    z.looseObject({
      timestamp: z.string(),
      message: z.string().nullish(),
      level: z.string().nullish(),
      deploymentId: z.string().nullish(),
    }),
  ),
  pagination: z.object({ hasMore: z.boolean(), nextCursor: z.string().nullish() }),
});
const projectSchema = z.object({ accountId: z.string() });

/** Entries on one page, the most that the vendor's own command line asks for; and pages that are read at most. */
const entriesOnPage = 1000;
const pagesAtMost = 5;

/** Returns the port over Vercel's log events: those of releases, not of previews. */
export function vercelLogEvents(api: VercelApi): AppLogs {
  const owners = new Map<string, string>();
  const ownerOf = async (projectId: string, signal: AbortSignal) => {
    const known = owners.get(projectId);
    if (known !== undefined) return known;
    const { accountId } = await api.read({ method: 'GET', path: apiPath`/v9/projects/${projectId}`, signal }, projectSchema);
    owners.set(projectId, accountId);
    return accountId;
  };
  return {
    read: async (projectId, { fromMs, toMs }, signal) => {
      const query = {
        event: 'vercel.log',
        scope: { ownerId: await ownerOf(projectId, signal), projectIds: [projectId] },
        timeRange: { start: new Date(fromMs).toISOString(), end: new Date(toMs).toISOString() },
        select: ['deploymentId', 'level', 'message'],
        filter: 'environment:production',
        order: 'desc',
        limit: entriesOnPage,
      };
      const entries: LogEntry[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < pagesAtMost; page += 1) {
        const json = cursor === undefined ? query : { ...query, cursor };
        // It reads, although it is a POST.
        const request = { method: 'POST' as const, path: '/v1/observability/events', json, repeatable: true, signal };
        const { events, pagination } = await api.read(request, pageSchema);
        entries.push(...events.map(entryOf));
        cursor = pagination.nextCursor ?? undefined;
        if (!pagination.hasMore || cursor === undefined) return { entries: entries.toReversed(), complete: true };
      }
      return { entries: entries.toReversed(), complete: false };
    },
  };
}

function entryOf({ timestamp, message, level, deploymentId }: z.infer<typeof pageSchema>['events'][number]): LogEntry {
  const at = new Date(timestamp).toISOString();
  return { at, source: 'app', level: level?.toLowerCase() ?? null, message: message ?? '', deploymentId: deploymentId ?? null };
}
