import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { pageBrowser } from '../../src/adapters/browser/page-browser.ts';
import { bullmqQueues } from '../../src/adapters/bullmq/bullmq-queues.ts';
import { clerkSessions } from '../../src/adapters/clerk/clerk-sessions.ts';
import { jsonShapes } from '../../src/adapters/json-shape/json-shapes.ts';
import { findChrome } from '../../src/adapters/lighthouse/find-chrome.ts';
import { postgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import { supabaseRealtime } from '../../src/adapters/realtime/supabase-realtime.ts';
import { cacheProbe } from '../../src/adapters/redis/cache-probe.ts';
import { sentryEvents } from '../../src/adapters/sentry/sentry-events.ts';
import { appSessions } from '../../src/adapters/sessions/app-sessions.ts';
import { readBuiltSite } from '../../src/adapters/source/built-site.ts';
import { canaryRows } from '../../src/adapters/supabase/canary-rows.ts';
import { showKeys } from '../../src/adapters/supabase/foreign-projects.ts';
import { newMark } from '../../src/adapters/system/ids.ts';
import { vercelRuntimeLogs } from '../../src/adapters/vercel/vercel-runtime-logs.ts';
import { echoSockets } from '../../src/adapters/web/echo-sockets.ts';
import { webClient } from '../../src/adapters/web/web-client.ts';
import type { Clock } from '../../src/core/ports/clock.ts';
import type { SmokeDetails } from '../../src/core/report.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import type { StagingSettings } from '../../src/core/settings.ts';
import type { BuiltSite } from '../../src/core/smoke/routes.ts';
import type { SmokeCheck } from '../../src/core/smoke/smoke.ts';
import type { StageResult } from '../../src/core/verdict.ts';
import { type ClerkService, startClerk } from '../../src/local/clerk/service.ts';
import { startSentry, type SentryService } from '../../src/local/sentry/service.ts';
import { smokeRun } from '../../src/stages/smoke/smoke.ts';
import type { AppServer } from './app-server.ts';
import { type AppWorld, gitSha, startAppWorld } from './app-world.ts';
import { type SabotageProxy, startSabotageProxy } from './sabotage-proxy.ts';
import { startTestVendor, type TestVendor } from './side-vendor.ts';

/** The system's clock, as a port. */
export const clock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};

/** What a smoke run is told that is not as it should be. */
export interface Wrong {
  readonly checks?: (checks: readonly SmokeCheck[]) => readonly SmokeCheck[];
  readonly gitSha?: string;
  readonly password?: string;
  readonly workerSecret?: string;
  readonly sentryToken?: string;
  readonly restToken?: string;
  readonly productionProjects?: readonly string[];
  readonly site?: (site: BuiltSite) => BuiltSite;
  readonly minimum?: number;
}

/** What stands behind the addresses that smoke is given. */
export interface Switches {
  /** The process that answers, and whose log is read. */
  app: AppServer;
  /** Database of Redis that REST leads to; TCP leads to 0. */
  restDatabase: number;
}

/** The sample app with everything that it stands on, a proxy before it, and smoke against that. */
export interface SmokeWorld extends AppWorld {
  readonly proxy: SabotageProxy;
  readonly main: AppServer;
  readonly checks: readonly SmokeCheck[];
  readonly redisClient: Redis;
  readonly sentry: TestVendor<SentryService>;
  readonly clerk: TestVendor<ClerkService>;
  readonly switches: Switches;
  smoke(wrong?: Wrong): Promise<StageResult<SmokeDetails>>;
}

/** The worker's secret. */
export const cronSecret = 'the-cron-secret';

/** The sample configuration, loaded by Node itself as the command line does. */
function sampleSettings(): StagingSettings {
  const root = join(import.meta.dirname, '../..');
  const args = [join(root, 'test/support/print-config.ts'), join(root, 'fixtures/staging.config.ts')];
  const { settings }: { settings: StagingSettings } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  return settings;
}

/** Starts everything; the checks are those of the sample configuration, with shorter times and without the browser. */
export async function startSmokeWorld(): Promise<SmokeWorld> {
  const settings = sampleSettings();
  const [world, sentry, clerk] = await Promise.all([
    startAppWorld(),
    startTestVendor(startSentry),
    startTestVendor((context) => startClerk(context, 'test')),
  ]);
  const production = await world.supabase.otherProject('jetvision-production');
  const environment = { CRON_SECRET: cronSecret, NEXT_PUBLIC_SENTRY_DSN: sentry.service().dsn };
  const startApp: AppWorld['startApp'] = (changes = {}) => world.startApp({ ...environment, ...changes });
  const main = await startApp();
  const switches: Switches = { app: main, restDatabase: 0 };
  const proxy = await startSabotageProxy(() => switches.app.url);
  const redisClient = new Redis(world.redis.url);
  redisClient.on('error', () => undefined);
  const rest = await startRest(redisClient, () => switches.restDatabase);
  const logs = await startLogs(() => switches.app.log());
  const browser = pageBrowser({ path: () => findChrome(process.env['CHROME_PATH']) });
  const checks = settings.smoke.checks.map((check) => ({ ...check, browser: false, timeoutMs: 20_000 }));
  const own = {
    switches,
    redisClient,
    sentry,
    clerk,
    proxy,
    main,
    checks,
    startApp,
    smoke: async (wrong: Wrong = {}) => {
      const web = webClient();
      const queues = bullmqQueues({ url: world.redis.url, prefix: 'jetvision-staging:' });
      const probe = cacheProbe({ url: world.redis.url, restUrl: rest.url, restToken: wrong.restToken ?? restToken });
      const database = postgresDatabase(world.supabase.directUrl);
      const { url, anonKey, serviceRoleKey } = world.supabase;
      const databases = {
        findByName: async (name: string) => (name === production.name ? [production.project] : []),
        addresses: production.addresses,
      };
      const projects = wrong.productionProjects ?? [production.name];
      try {
        const run = smokeRun(
          {
            web,
            clock,
            queues,
            browser,
            sessions: appSessions({ web, password: wrong.password ?? world.password }),
            clerkSessions: clerkSessions({ secretKey: clerk.service().issued.secretKey, localUrl: clerk.url(), clock, lifetimeMs: 60_000 }),
            realtime: supabaseRealtime({ url, anonKey }),
            sockets: echoSockets(),
            rows: canaryRows({ url, anonKey, serviceRoleKey }),
            tables: (signal) => database.tableProtection(signal),
            cache: { ...probe, prefix: 'jetvision-staging:' },
            errorEvents: sentryEvents({ localUrl: sentry.url(), clock }),
            logs: vercelRuntimeLogs({ token: 'local', team: 'team_local', localUrl: logs.url, clock }, () => 'prj_test'),
            foreign: {
              databases: (signal) => showKeys({ databases, web, projects, keys: { 'the anon key': anonKey } }, signal),
              app: (domain) => ({ origin: `http://${domain}`, resolve: {} }),
            },
            shapes: jsonShapes(),
          },
          {
            target: { origin: proxy.url, resolve: {} },
            checks: wrong.checks?.(checks) ?? checks,
            profile: 'full',
            expected: { environment: 'staging', sentryEnvironment: 'staging', gitSha: wrong.gitSha ?? gitSha, deploymentId: 'dpl_test1' },
            production: settings.production,
            workerSecret: wrong.workerSecret ?? cronSecret,
            readSecret: () => wrong.sentryToken ?? sentry.service().project.issued.authToken,
            secrets: { SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey, REDIS_URL: world.redis.url },
            minimumExecuted: wrong.minimum ?? settings.smoke.minimum,
            mark: newMark(),
            routes: {
              output: world.outputDir,
              waivers: [],
              read: async () => {
                const site = await readBuiltSite(world.outputDir);
                return site && (wrong.site?.(site) ?? site);
              },
            },
          },
        );
        const journal = { append: async () => undefined, unfinished: async () => [] };
        const signal = new AbortController().signal;
        await runSteps(run.steps, { runId: 'r', journal, clock, events: () => undefined, signal }).catch(() => undefined);
        const result = run.result();
        if (result === undefined) throw new Error('Smoke came to no result.');
        return result;
      } finally {
        await Promise.allSettled([queues.close(), probe.close(), database.close(), web.close()]);
      }
    },
    close: async () => {
      redisClient.disconnect();
      await Promise.allSettled([proxy.close(), rest.close(), logs.close(), browser.close(), sentry.stop(), clerk.stop()]);
      await world.close();
    },
  };
  return { ...world, ...own };
}

const restToken = 'the-rest-token';

/** Upstash's REST interface as far as one command goes (`POST /` with a JSON array), over a real Redis. */
async function startRest(redis: Redis, database: () => number) {
  return await serveText(async (request, body) => {
    if (request.headers.authorization !== `Bearer ${restToken}`) return [401, { error: 'WRONGPASS invalid or missing auth token' }];
    const [command = '', ...args]: readonly string[] = JSON.parse(body);
    const client = redis.duplicate({ db: database() });
    try {
      const result: unknown = await client.call(command, ...args.map(String));
      const isText = typeof result === 'string' && result !== 'OK' && request.headers['upstash-encoding'] === 'base64';
      return [200, { result: isText ? Buffer.from(result).toString('base64') : result }];
    } catch (error) {
      return [400, { error: error instanceof Error ? error.message : String(error) }];
    } finally {
      client.disconnect();
    }
  });
}

/** Vercel's stream of runtime logs, over what the app's process wrote; it ends with the last line there is. */
async function startLogs(log: () => string) {
  return await serveText(async () => {
    const lines = log().split('\n');
    return [200, lines.map((message) => JSON.stringify({ level: 'info', message })).join('\n')];
  });
}

type Answering = (request: { readonly headers: NodeJS.Dict<string | string[]> }, body: string) => Promise<readonly [number, unknown]>;

async function serveText(answer: Answering) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      void answer(request, body).then(([status, content]) => {
        response.writeHead(status).end(typeof content === 'string' ? content : JSON.stringify(content));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
