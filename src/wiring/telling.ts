import type { App } from './app.ts';
import type { Context } from './context.ts';
import { commenter } from './gate-comment.ts';
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
  const notify = notifier(context, parts);
  const comment = commenter(context, parts);
  return {
    writeReport: reportWriter(context, parts.deps, parts.resources, own),
    readReport: reportReader(context),
    notify: async (command, stages) => {
      const warnings = [await notify(command, stages), await comment(stages)].filter((warning) => warning !== undefined);
      return warnings.length === 0 ? undefined : warnings.join(' ');
    },
    placeOf: (error) => migrationPlace(context, error),
  };
}
