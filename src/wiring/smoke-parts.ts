import { pageBrowser } from '../adapters/browser/page-browser.ts';
import { bullmqQueues } from '../adapters/bullmq/bullmq-queues.ts';
import { jsonShapes } from '../adapters/json-shape/json-shapes.ts';
import { supabaseRealtime } from '../adapters/realtime/supabase-realtime.ts';
import { cacheProbe } from '../adapters/redis/cache-probe.ts';
import { readBuiltSite } from '../adapters/source/built-site.ts';
import { canaryRows } from '../adapters/supabase/canary-rows.ts';
import { showKeys } from '../adapters/supabase/foreign-projects.ts';
import { newMark } from '../adapters/system/ids.ts';
import { echoSockets } from '../adapters/web/echo-sockets.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { WebClient, WebTarget } from '../core/ports/web.ts';
import { ownKeys } from '../core/preview/names.ts';
import { withoutWaived } from '../core/release/protection.ts';
import type { SmokeCheck, SmokeExpectation } from '../core/smoke/smoke.ts';
import type { Resources } from '../stages/resources.ts';
import type { SmokeDeps, SmokeInput } from '../stages/smoke/smoke.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { chromeFinder } from './parts.ts';
import { signInsOf } from './sign-ins.ts';

/** What must answer at the environment's own address. */
export type LiveRelease = Pick<SmokeExpectation, 'gitSha' | 'deploymentId'>;

/** What is smoked, and by which checks: the configuration's, unless others are given. */
interface FullSmoke {
  readonly target: WebTarget;
  readonly live: LiveRelease;
  readonly only?: readonly string[] | undefined;
  readonly checks?: readonly SmokeCheck[] | undefined;
}

/** What every gate has. */
interface GateParts {
  readonly web: WebClient;
  readonly clock: Clock;
}

/** Returns what the environment's own checks work with, and what ends it; nothing is connected to before a check needs it. */
export function smokeParts(context: Context, deps: Deps, resources: Resources, { web, clock }: GateParts) {
  const { supabase, upstash, production, name } = context.settings();
  const { url, anonKey, serviceRoleKey } = resources.databaseAccess.get();
  const cacheAccess = resources.cacheAccess.get();
  const queues = bullmqQueues({ url: cacheAccess.url, prefix: upstash.prefix });
  const probe = cacheProbe(cacheAccess);
  const browser = pageBrowser({ path: async () => chromeFinder(context)(context.request.signal) });
  const platforms = deps.platforms();
  const keys = { 'the anon key': anonKey, 'the service role key': serviceRoleKey };
  const parts: SmokeDeps = {
    web,
    clock,
    ...signInsOf(context, deps, web),
    queues,
    browser,
    realtime: supabaseRealtime({ url, anonKey }),
    sockets: echoSockets(),
    rows: canaryRows({ url, anonKey, serviceRoleKey }),
    tables: async (signal) => withoutWaived(await deps.openDatabase().tableProtection(signal), supabase.tableWaivers ?? []),
    cache: { ...probe, prefix: upstash.prefix, isOwnKey: ownKeys(upstash) },
    evicts: async (signal) => (await platforms.caches.findByName(name, signal))[0]?.eviction,
    errorEvents: platforms.errorEvents,
    logs: platforms.runtimeLogs(() => resources.project.get().id),
    foreign: {
      databases: (signal) => showKeys({ databases: platforms.databases, web, projects: production.supabaseProjects, keys }, signal),
      app: (domain) => targetOf(platforms.origin(domain), deps),
    },
    shapes: jsonShapes(),
  };
  const close = async () => void (await Promise.allSettled([queues.close(), probe.close(), browser.close()]));
  return { deps: parts, close };
}

/** Returns the target of an address of ours: where its host leads is known. */
export function targetOf(origin: string, deps: Deps): WebTarget {
  return { origin, resolve: deps.platforms().resolve(origin) };
}

/** What the environment's own checks look at: everything that the configuration names, production's identities and our secrets. */
export function fullInput(context: Context, resources: Resources, { target, live, only, checks: own }: FullSmoke): SmokeInput {
  const { smoke, environment, production, app } = context.settings();
  const { serviceRoleKey, poolerUrl } = resources.databaseAccess.get();
  const checks = own ?? smoke.checks;
  // The checks of another release say nothing of the routes that are built now.
  const routes =
    own === undefined && smoke.routes !== undefined
      ? { ...smoke.routes, output: app.output, read: () => readBuiltSite(app.output) }
      : undefined;
  return {
    target,
    checks,
    only,
    profile: 'full',
    expected: { environment, sentryEnvironment: environment, ...live },
    production,
    secrets: { 'the service role key': serviceRoleKey, 'the database address': poolerUrl },
    workerSecret: context.secrets.read({ kind: 'env', name: 'CRON_SECRET' }),
    readSecret: context.secrets.read,
    minimumExecuted: only === undefined ? Math.min(smoke.minimum, checks.length) : 1,
    minimum: own === undefined ? smoke.minimum : undefined,
    mark: newMark(),
    routes,
  };
}
