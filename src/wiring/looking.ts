import { doctorStage } from '../stages/doctor.ts';
import { driftStage } from '../stages/drift/drift.ts';
import { gateStage } from '../stages/gate/gate.ts';
import { isolationStage } from '../stages/isolation/isolation.ts';
import type { Resources } from '../stages/resources.ts';
import { environmentStatus } from '../stages/status.ts';
import type { App } from './app.ts';
import type { Context } from './context.ts';
import { costOf } from './cost.ts';
import type { Deps } from './deps.ts';
import { doctorDeps } from './doctor-deps.ts';
import { fingerprintOf } from './fingerprint.ts';
import { gateDeps, type GatePlace } from './gate-deps.ts';
import { logCommands } from './log-commands.ts';

/** What only looks, and changes nothing. */
type Looking = Pick<App, 'cost' | 'doctor' | 'drift' | 'fingerprint' | 'gate' | 'isolation' | 'logs' | 'status'>;

/** Returns what only looks at the environment, for one command. */
export function lookingAt(context: Context, deps: Deps, resources: Resources, place: GatePlace): Looking {
  return {
    doctor: (choice) => doctorStage(doctorDeps(context, place.local, choice.install)),
    gate: (choice) => gateStage(gateDeps(context, deps, resources, place), { ...choice, target: context.request.target }),
    cost: (choice) => costOf(context, deps, resources, choice),
    logs: logCommands(context, deps, resources),
    isolation: () => isolationStage(deps.isolation(), resources),
    fingerprint: (input) => fingerprintOf(input, deps.sealing),
    status: () => environmentStatus(deps.status(), resources, context.request.signal),
    drift: () => driftStage(deps.drift(), resources),
  };
}
