import type { App } from './app.ts';
import type { Context } from './context.ts';
import { migrationPlace, readAllSecrets } from './github-job.ts';
import { notifier, type NotifyParts } from './notify.ts';
import { type OwnRun, reportReader, reportWriter } from './report-files.ts';

/** Returns what keeps the reports of runs, and what tells people of them. */
export function tellingOf(
  context: Context,
  parts: NotifyParts,
  own: OwnRun,
): Pick<App, 'writeReport' | 'readReport' | 'notify' | 'placeOf'> {
  readAllSecrets(context);
  return {
    writeReport: reportWriter(context, parts.deps, parts.resources, own),
    readReport: reportReader(context),
    notify: notifier(context, parts),
    placeOf: (error) => migrationPlace(context, error),
  };
}
