import { resolve } from 'node:path';
import { readPlanFile, writePlanFile } from '../adapters/files/plan-file.ts';
import { refuseForeignPlan } from '../core/plan/saved.ts';
import type { PlanFiles } from './app.ts';
import type { Context } from './context.ts';

/** Returns the plans on disk, named from the current folder, of the context's environment alone. */
export function planFiles(context: Context): PlanFiles {
  return {
    write: (path, saved) => writePlanFile(resolve(context.request.cwd, path), saved),
    read: async (path) => {
      const saved = await readPlanFile(resolve(context.request.cwd, path));
      refuseForeignPlan(saved, context.settings(), path);
      return saved;
    },
  };
}
