import { queueGauge } from '../adapters/gauges/redis-gauges.ts';
import { keptReports } from '../adapters/files/kept-reports.ts';
import type { StatusDeps } from '../stages/status.ts';
import type { Context } from './context.ts';
import type { Platforms } from './platforms.ts';
import { reportsFolder } from './report-files.ts';

/** How many kept reports are looked at: each is a file that is read. */
const newestReports = 30;

/** Returns what `status` reads: deployments, the queues, and the reports that are kept here. */
export function statusReading(context: Context, { deployments }: Platforms): Pick<StatusDeps, 'deployments' | 'openQueues' | 'reports'> {
  const { upstash, environment } = context.settings();
  return {
    deployments,
    openQueues: (url) => queueGauge(url, upstash.prefix, upstash.queues),
    reports: async () => {
      const kept = keptReports(reportsFolder(context));
      const runs = (await kept.runs()).slice(0, newestReports);
      const reports = await Promise.all(runs.map((runId) => kept.read(runId)));
      return reports.filter((report) => report.environment === environment && report.target === context.target);
    },
  };
}
