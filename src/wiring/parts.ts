import { findChrome } from '../adapters/lighthouse/find-chrome.ts';
import { findChrome as findChromeProgram } from '../adapters/system/toolbox.ts';
import type { PartName, Parts } from '../core/ports/parts.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { Step } from '../core/run/step.ts';
import type { Context } from './context.ts';
import { toolboxOptions } from './doctor-deps.ts';

const titles: Readonly<Record<PartName, string>> = {
  browser: 'Lighthouse and what drives Chrome',
  local: 'Packages of the local cloud',
  volume: 'Names for large seeds',
};

/** Returns the step that installs a part, when it is not there. */
export function partSteps(parts: Parts, name: PartName): readonly Step[] {
  if (parts.isThere(name)) return [];
  return [{ id: `part-${name}`, title: titles[name], run: async ({ signal, note }) => void (await parts.use(name, { signal, note })) }];
}

/** Returns the stage with that step before its own. */
export function withPart<Details>(parts: Parts, name: PartName, stage: StageRun<Details>): StageRun<Details> {
  const before = partSteps(parts, name);
  return before.length === 0 ? stage : { ...stage, steps: [...before, ...stage.steps] };
}

/** Returns what finds Chrome's program, once what drives it is there. It throws `PART_NOT_INSTALLED` and `CHROME_NOT_FOUND`. */
export function chromeFinder(context: Context): (signal: AbortSignal) => Promise<string> {
  return async (signal) => {
    await context.parts.use('browser', { signal });
    return findChrome(findChromeProgram(toolboxOptions(context)));
  };
}
