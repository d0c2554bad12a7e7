import { join } from 'node:path';
import { fileJournal } from '../adapters/files/journal-file.ts';
import { takeRunLock } from '../adapters/lock/run-lock.ts';
import { newId } from '../adapters/system/ids.ts';
import type { Journal } from '../core/ports/journal.ts';
import { runSteps } from '../core/run-steps.ts';
import { doctorStage } from '../stages/doctor.ts';
import { deployStage } from '../stages/deploy.ts';
import { provisionStage } from '../stages/provision.ts';
import { emptyResources } from '../stages/resources.ts';
import { rollbackStage } from '../stages/rollback.ts';
import { seedStage } from '../stages/seed.ts';
import { environmentStatus } from '../stages/status.ts';
import { upRun } from '../stages/up.ts';
import type { App } from './app.ts';
import type { Context } from './context.ts';
import { openDeps } from './deps.ts';
import { doctorDeps } from './doctor-deps.ts';
import { gatesOf } from './gates.ts';
import { localCloud, localPreparation } from './local-cloud.ts';
import { reportWriter } from './report-files.ts';

/** Returns the tool's parts wired up in a context; `waitMs` is how long to wait for another run's lock. */
export function appOf(context: Context, waitMs: number): App {
  const { request } = context;
  const { clock } = context;
  const startedAtMs = clock.nowMs();
  const runId = newId('run', startedAtMs);
  const resources = emptyResources();
  const local = localCloud(context);
  const deps = openDeps(context, resources, local.openUrl);
  const gates = gatesOf(context, deps, resources);
  const journal = context.loaded === undefined ? noJournal : fileJournal(join(context.stateDir, 'journal'), runId);
  const locks: { release(): Promise<void> }[] = [];
  const stages = {
    provision: () => provisionStage(deps.provision(), resources),
    deploy: () => deployStage(deps.deploy(gates.smokeOn), resources),
    seed: () => seedStage(deps.seed(), resources, context.settings().seed.profile),
    smoke: () => gates.smoke({}),
    perf: () => gates.perf({}),
    load: () => gates.load({ engine: 'auto' }),
  };
  return {
    ...stages,
    secrets: deps.secrets,
    process: context.process,
    preparation: localPreparation(context, local, deps),
    seed: (profile) => seedStage(deps.seed(), resources, profile ?? context.settings().seed.profile),
    smoke: gates.smoke,
    perf: gates.perf,
    load: gates.load,
    rollback: (to) => rollbackStage(deps.rollback(gates.smokeOn), resources, to),
    up: (selection) => upRun(stages, selection, clock),
    doctor: (choice) => doctorStage(doctorDeps(context, choice.install)),
    status: () => environmentStatus(deps.status(), resources, request.signal),
    runSteps: async (steps, options) => {
      if (options.changes && !options.dryRun && context.loaded !== undefined && locks.length === 0) {
        const holder = { actor: deps.actor, command: options.command, pid: process.pid };
        locks.push(await takeRunLock(context.stateDir, holder, waitMs, clock, request.signal));
      }
      await runSteps(steps, {
        runId,
        journal,
        clock,
        events: options.events,
        signal: request.signal,
        dryRun: options.dryRun,
        undoOnFailure: options.undoOnFailure,
      });
    },
    writeReport: reportWriter(context, deps, { runId, startedAtMs }),
    local,
    close: async () => {
      await Promise.allSettled([gates.close(), deps.close(), ...locks.map((lock) => lock.release())]);
    },
  };
}

/** Of runs without a configuration: they have no environment to go on with, and leave nothing in the folder that they are called in. */
const noJournal: Journal = { append: () => Promise.resolve(), unfinished: () => Promise.resolve([]) };
