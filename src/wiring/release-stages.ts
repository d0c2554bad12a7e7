import { parseDuration } from '../config/duration.ts';
import { deployStage } from '../stages/deploy/deploy.ts';
import type { Resources } from '../stages/resources.ts';
import { drillStage } from '../stages/rollback/drill.ts';
import { rollbackStage } from '../stages/rollback/rollback.ts';
import type { App } from './app.ts';
import type { Deps, SmokeOn } from './deps.ts';

/** Returns the stages of both ways of a release, for one command. */
export function releaseStages(deps: Deps, smokeOn: SmokeOn, resources: Resources): Pick<App, 'deploy' | 'rollback' | 'drill'> {
  return {
    deploy: ({ source, readyWithin, ...options }) =>
      deployStage(deps.deploy(smokeOn, source), resources, {
        prebuilt: source.prebuilt !== undefined,
        ...options,
        readyWithinMs: parseDuration(readyWithin, '--ready-within'),
      }),
    rollback: (options) => rollbackStage(deps.rollback(smokeOn), resources, options),
    drill: (options) => drillStage(deps.rollback(smokeOn), resources, options),
  };
}
