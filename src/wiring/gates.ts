import { join } from 'node:path';
import { bullmqQueues } from '../adapters/bullmq/bullmq-queues.ts';
import { embeddedLoad } from '../adapters/embedded-load/engine.ts';
import { k6Load } from '../adapters/k6/engine.ts';
import { findK6 } from '../adapters/k6/find-k6.ts';
import { lighthouseAudit } from '../adapters/lighthouse/audit.ts';
import { supabaseRealtime } from '../adapters/realtime/supabase-realtime.ts';
import { appSessions } from '../adapters/sessions/app-sessions.ts';
import { findChrome, findK6Program } from '../adapters/system/toolbox.ts';
import { webClient } from '../adapters/web/web-client.ts';
import { parseDuration } from '../config/duration.ts';
import { StagingError } from '../core/errors.ts';
import { guardProduction } from '../core/guard.ts';
import { loadSettingsForUrl, rampStages } from '../core/load-profile.ts';
import { perfSettingsForUrl } from '../core/perf.ts';
import type { LoadEngine } from '../core/ports/measure.ts';
import type { Sessions, WebTarget } from '../core/ports/web.ts';
import type { LoadDetails, PerfDetails, SmokeDetails } from '../core/report.ts';
import { outsideExpectation } from '../core/smoke-checks.ts';
import type { SmokeExpectation } from '../core/smoke.ts';
import type { StageRun } from '../core/stage.ts';
import { afterLocating } from '../stages/after-locating.ts';
import { loadStage } from '../stages/load.ts';
import { perfStage } from '../stages/perf.ts';
import type { Resources } from '../stages/resources.ts';
import { userPasswordName } from '../stages/seed.ts';
import { type SmokeInput, smokeRun } from '../stages/smoke.ts';
import type { LoadChoice, PerfChoice, SmokeChoice } from './app.ts';
import type { Context } from './context.ts';
import type { Deps, SmokeOn } from './deps.ts';
import { toolboxOptions } from './doctor-deps.ts';

/** The three gates, on the environment's own address or on one that was named. */
export interface Gates {
  smoke(choice: SmokeChoice): StageRun<SmokeDetails>;
  perf(choice: PerfChoice): StageRun<PerfDetails>;
  load(choice: LoadChoice): StageRun<LoadDetails>;
  /** Smokes an address of the environment, expecting this commit; the resources are known by then. */
  readonly smokeOn: SmokeOn;
  close(): Promise<void>;
}

/** What must answer at the environment's own address. */
type LiveRelease = Pick<SmokeExpectation, 'gitSha' | 'deploymentId'>;

/** Returns the gates for one command. */
export function gatesOf(context: Context, deps: Deps, resources: Resources): Gates {
  const { clock } = context;
  const web = webClient();
  const opened: { close(): Promise<void> }[] = [];
  const sessions: Sessions = {
    signIn: (target, email, signal) => appSessions({ web, password: userPassword(context) }).signIn(target, email, signal),
  };
  // Sent to the address under test alone, and over TLS alone: it passes Vercel's deployment protection (contracts.md §1.3, read 2026-11-22).
  const bypassSecret = context.secrets.read({ kind: 'env', name: 'VERCEL_AUTOMATION_BYPASS_SECRET' });
  const withBypass = (target: WebTarget): WebTarget => (target.origin.startsWith('https:') ? { ...target, bypassSecret } : target);
  const own = (origin: string) => withBypass(targetOf(origin, deps));
  const target = (url: string | undefined) => (url === undefined ? own(deps.appOrigin()) : withBypass(guarded(namedTarget(url), context)));

  const fullSmoke = (address: WebTarget, live: LiveRelease, only?: readonly string[]): StageRun<SmokeDetails> => {
    const queues = bullmqQueues({ url: resources.cacheAccess.get().url, prefix: context.settings().upstash.prefix });
    opened.push(queues);
    const { url, anonKey } = resources.databaseAccess.get();
    const parts = { web, clock, sessions, realtime: supabaseRealtime({ url, anonKey }), queues };
    return smokeRun(parts, { ...fullInput(context, resources, address, live), only });
  };

  return {
    smokeOn: (origin, gitSha, deploymentId) => fullSmoke(own(origin), { gitSha, deploymentId }),
    smoke: ({ url, only }) => {
      if (url !== undefined && context.loaded === undefined) {
        return smokeRun({ web, clock }, { target: target(url), checks: [], profile: 'outside', expected: outsideExpectation, only });
      }
      return afterLocating(deps.locating(), resources, (live) =>
        fullSmoke(target(url), url === undefined ? { gitSha: live?.gitSha, deploymentId: live?.vercelDeploymentId } : {}, only),
      );
    },
    perf: ({ url, runs }) => {
      const settings = url !== undefined && context.loaded === undefined ? perfSettingsForUrl(pathOf(url)) : context.settings().perf;
      const audit = lighthouseAudit({
        worker: join(context.request.toolRoot, 'dist/lighthouse-worker.js'),
        chromePath: findChrome(toolboxOptions(context)),
      });
      opened.push(audit);
      return perfStage({ target: target(url), settings: { ...settings, runs: runs ?? settings.runs }, audit, web, sessions, clock });
    },
    load: (choice) => {
      const settings =
        choice.url !== undefined && context.loaded === undefined
          ? loadSettingsForUrl(choice.path === undefined || choice.path.startsWith('/') ? (choice.path ?? '/') : `/${choice.path}`)
          : context.settings().load;
      const durationMs = choice.duration === undefined ? undefined : parseDuration(choice.duration, '--duration');
      const stages = rampStages(settings, { profile: choice.profile, vus: choice.vus, durationMs });
      return loadStage({ target: target(choice.url), settings, stages, engine: loadEngine(context, choice.engine), web, sessions, clock });
    },
    close: async () => {
      await Promise.allSettled([web.close(), ...opened.map((one) => one.close())]);
    },
  };
}

/** What the environment's own checks look at: everything that the configuration names, production's identities and our secrets. */
function fullInput(context: Context, resources: Resources, target: WebTarget, live: LiveRelease): SmokeInput {
  const { smoke, environment, production } = context.settings();
  const { serviceRoleKey, poolerUrl } = resources.databaseAccess.get();
  return {
    target,
    checks: smoke.checks,
    profile: 'full',
    expected: { environment, sentryEnvironment: environment, ...live },
    production,
    secrets: { 'the service role key': serviceRoleKey, 'the database address': poolerUrl },
    workerSecret: context.secrets.read({ kind: 'env', name: 'CRON_SECRET' }),
  };
}

function userPassword(context: Context): string {
  const password = context.secrets.read({ kind: 'env', name: userPasswordName });
  if (password !== undefined) return password;
  throw new StagingError(
    'missing',
    'SEED_PASSWORD_MISSING',
    `${userPasswordName} stands neither in the environment nor in ${context.envFile}.`,
    {
      fix: 'Run `jv-staging provision`, which generates it, or set the one that the users were seeded with.',
    },
  );
}

/** Returns the target of an address of ours: where its host leads is known. */
function targetOf(origin: string, deps: Deps): WebTarget {
  return { origin, resolve: deps.platforms().resolve(origin) };
}

/** Returns the target of an address that the user named. Throws `URL_INVALID` (exit 2). */
function namedTarget(url: string): WebTarget {
  return { origin: parseUrl(url).origin, resolve: {} };
}

/** Refuses a named address that the configuration calls production's. */
function guarded(target: WebTarget, context: Context): WebTarget {
  if (context.loaded === undefined) return target;
  guardProduction({ what: 'domain', identities: [new URL(target.origin).hostname] }, context.loaded.settings.production);
  return target;
}

function pathOf(url: string): string {
  const { pathname, search } = parseUrl(url);
  return `${pathname}${search}`;
}

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '') return parsed;
  const seen = parsed?.password ? 'an address with a password in it' : JSON.stringify(url);
  throw new StagingError('usage', 'URL_INVALID', `--url is ${seen}, expected an http or https address without credentials.`, {
    fix: 'Pass `--url https://staging.example.com`.',
  });
}

/** Returns the engine that was asked for; `auto` is k6 where there is one. */
function loadEngine(context: Context, wanted: LoadChoice['engine']): LoadEngine {
  const { toolVersion } = context.request;
  if (wanted === 'embedded') return embeddedLoad(toolVersion);
  const options = toolboxOptions(context);
  const path = findK6Program(options);
  if (path === undefined && wanted === 'auto') return embeddedLoad(toolVersion);
  return k6Load(findK6(path, [options.installedPrograms, ...options.path]));
}
