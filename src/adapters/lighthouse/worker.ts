// The process that Lighthouse runs in: takes a job by IPC, answers it, and waits for the next. It ends when
// whoever started it is gone.
import { auditPage, loadLighthouse } from './audit-page.ts';
import type { WorkerAnswer, WorkerJob } from './worker-process.ts';

async function answer({ devtoolsUrl, target, page }: WorkerJob): Promise<WorkerAnswer> {
  try {
    return await auditPage(devtoolsUrl, target, page);
  } catch (error) {
    return { kind: 'thrown', message: error instanceof Error ? error.message : String(error) };
  }
}

process.once('disconnect', () => process.exit());
process.on('message', (job: WorkerJob) => {
  void answer(job).then((answered) => process.send?.(answered));
});
// Loaded before the job comes; what goes wrong is said when it is done.
loadLighthouse().catch(() => undefined);
