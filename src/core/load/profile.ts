import { StagingError } from '../errors.ts';
import type { LoadRequest, LoadSettings, LoadStage, LoadThresholds } from './load.ts';

/** Virtual users that a run starts with: k6's own default, so that both engines send from the first second on. */
export const startVus = 1;

/** How long virtual users may take to finish their iteration after the last stage; k6's own default for both graceful periods. */
export const gracefulStopMs = 30_000;

/** Bound on a request under load: k6's default (docs, `Params.timeout`, 60 s) outlasts the short profile, so it is lower here. */
export const requestTimeoutMs = 15_000;

/** The original plan's limits (`original-plan.md`, FR-7 and its k6 script). */
export const originalThresholds: LoadThresholds = { p95Ms: 2000, errorRate: 0.15 };

/** Ramps that every configuration has: the original plan's six minutes, and 30 seconds of the same shape. */
export const builtInProfiles = {
  short: [
    { durationMs: 5000, vus: 50 },
    { durationMs: 20_000, vus: 50 },
    { durationMs: 5000, vus: 0 },
  ],
  full: [
    { durationMs: 30_000, vus: 10 },
    { durationMs: 60_000, vus: 25 },
    { durationMs: 120_000, vus: 50 },
    { durationMs: 120_000, vus: 50 },
    { durationMs: 30_000, vus: 0 },
  ],
} as const satisfies Readonly<Record<string, readonly LoadStage[]>>;

/** Which ramp a run takes; what is undefined comes from the settings. */
export interface RampChoice {
  readonly profile?: string | undefined;
  /** The highest number of virtual users: the profile's stages are scaled to it. */
  readonly vus?: number | undefined;
  /** Length of the whole run: the profile's stages are stretched to it. */
  readonly durationMs?: number | undefined;
}

/**
 * Returns the stages of a run. Throws `LOAD_PROFILE_UNKNOWN` and `LOAD_TOO_MANY_USERS` (kind `usage`): the bound on virtual users
 * holds whatever is asked.
 */
export function rampStages(settings: LoadSettings, choice: RampChoice = {}): readonly LoadStage[] {
  const profiles: Readonly<Record<string, readonly LoadStage[]>> = { ...builtInProfiles, ...settings.profiles };
  const name = choice.profile ?? settings.profile;
  const named = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (named === undefined) {
    throw new StagingError(
      'usage',
      'LOAD_PROFILE_UNKNOWN',
      `There is no load profile ${name}; there are ${Object.keys(profiles).join(', ')}.`,
      {
        fix: `Pass \`--profile ${Object.keys(profiles)[0] ?? 'short'}\`, or add ${name} to load.profiles in the configuration.`,
      },
    );
  }
  const stages = stretchStages(choice.vus === undefined ? named : scaleStages(named, choice.vus), choice.durationMs);
  refuseTooMany(stages, settings.maxVus);
  return stages;
}

/** Throws `LOAD_TOO_MANY_USERS` (kind `usage`) for a ramp above the bound. */
export function refuseTooMany(stages: readonly LoadStage[], maxVus: number): void {
  const highest = highestVus(stages);
  if (highest <= maxVus) return;
  throw new StagingError('usage', 'LOAD_TOO_MANY_USERS', `${highest} virtual users are asked for, and load.maxVus allows ${maxVus}.`, {
    fix: `Pass \`--vus ${maxVus}\`, or raise load.maxVus in the configuration.`,
  });
}

/** Returns stages whose highest number of virtual users is `vus`; a stage above 0 stays above 0. */
export function scaleStages(stages: readonly LoadStage[], vus: number): readonly LoadStage[] {
  const highest = highestVus(stages);
  if (highest === 0) return stages.map((stage) => ({ ...stage, vus }));
  return stages.map((stage) => ({ ...stage, vus: stage.vus === 0 ? 0 : Math.max(1, Math.round((stage.vus * vus) / highest)) }));
}

/** Returns the highest number of virtual users of the stages. */
export function highestVus(stages: readonly LoadStage[]): number {
  return stages.reduce((highest, stage) => Math.max(highest, stage.vus), 0);
}

/** Returns the sum of the stages' durations. */
export function rampMs(stages: readonly LoadStage[]): number {
  return stages.reduce((sum, stage) => sum + stage.durationMs, 0);
}

/** A moment, and the number of virtual users from then on. */
export interface VusStep {
  readonly atMs: number;
  readonly vus: number;
}

/**
 * Returns when the number of virtual users changes, as k6's ramping-vus does (`lib/executor/ramping_vus.go` of 1.8.1): linear
 * within a stage, one at a time; going up a user joins when the line reaches it, going down one leaves when the line has
 * passed it. The last step is always 0.
 */
export function vusSteps(stages: readonly LoadStage[]): readonly VusStep[] {
  const steps: VusStep[] = [{ atMs: 0, vus: startVus }];
  let from = startVus;
  let startMs = 0;
  for (const stage of stages) {
    const direction = Math.sign(stage.vus - from);
    const change = Math.abs(stage.vus - from);
    for (let step = 1; step <= change; step += 1) {
      steps.push({ atMs: startMs + (stage.durationMs * step) / change, vus: from + direction * step });
    }
    startMs += stage.durationMs;
    from = stage.vus;
  }
  if (from !== 0) steps.push({ atMs: startMs, vus: 0 });
  return steps;
}

/**
 * Returns the original plan's journey, but signed in and with its answer expected: health (200, < 500 ms), 1 s, a request
 * created (201, < 2 s), 2 s. The departure lies 30 days ahead (see `fillPlaceholders`).
 */
export function originalJourney(user: string): readonly LoadRequest[] {
  return [
    { id: 'health', method: 'GET', path: '/api/health', as: 'nobody', status: 200, maxMs: 500, thinkMs: 1000 },
    {
      id: 'create-request',
      method: 'POST',
      path: '/api/requests',
      as: { user },
      body: { departure_airport: 'KTEB', arrival_airport: 'KVNY', passengers: 6, departure_date: '{today+30}' },
      status: 201,
      maxMs: 2000,
      thinkMs: 2000,
    },
  ];
}

/** Returns the settings of `load --url` without a configuration: one GET of a path (status 200) each second, the short profile. */
export function loadSettingsForUrl(path: string): LoadSettings {
  return {
    journey: [{ id: 'page', method: 'GET', path, as: 'nobody', status: 200, thinkMs: 1000 }],
    profiles: {},
    profile: 'short',
    thresholds: originalThresholds,
    maxVus: 1000,
  };
}

function stretchStages(stages: readonly LoadStage[], durationMs: number | undefined): readonly LoadStage[] {
  const totalMs = rampMs(stages);
  if (durationMs === undefined || totalMs === 0) return stages;
  return stages.map((stage) => ({ ...stage, durationMs: Math.max(1, Math.round((stage.durationMs * durationMs) / totalMs)) }));
}

/**
 * Returns what every k6 script of ours sets: the ramp as one scenario, named `journey`, and that a redirect is an answer of its own,
 * never the page behind it.
 */
export function k6Options(stages: readonly LoadStage[]) {
  const graceful = `${gracefulStopMs}ms`;
  return {
    scenarios: {
      journey: {
        executor: 'ramping-vus',
        startVUs: startVus,
        stages: stages.map(({ durationMs, vus }) => ({ duration: `${durationMs}ms`, target: vus })),
        gracefulRampDown: graceful,
        gracefulStop: graceful,
      },
    },
    maxRedirects: 0,
  };
}
