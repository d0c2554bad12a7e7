import { Hono, type Context, type Next } from 'hono';
import { z } from 'zod';
import { isLoopbackHost, serveLoopback, type LoopbackServer } from '../loopback.ts';
import type { Door } from '../traffic/traffic.ts';
import { authApi } from './auth/auth-api.ts';
import { authSettings } from './auth-settings.ts';
import type { Cluster } from './cluster.ts';
import { openPool } from './connections.ts';
import { checkToken, claimsOfKey, isDisabledLegacyKey, type Claims, type ProjectKeys } from './keys.ts';
import { openRealtime, type Realtime } from './realtime/realtime.ts';
import { openGate } from './gate.ts';
import type { ProjectSettings } from './project.ts';
import { openRest, type RestApi } from './rest.ts';

/** What a project's gateway needs. */
export interface GatewayOptions {
  readonly ref: string;
  readonly port: number;
  readonly cluster: Cluster;
  /** Read on each request: keys may be made and disabled while it runs. */
  readonly keys: () => ProjectKeys;
  /** Read on each request, as the keys. */
  readonly settings: () => ProjectSettings;
  log(line: string): void;
  /** Hears of each request that Auth answered, as a line of JSON. */
  authLog(line: string): void;
  /** What requests pass before they come here. */
  readonly door?: Door | undefined;
}

/** A project's own origin: `/rest/v1`, `/auth/v1`, `/realtime/v1`. */
export interface Gateway {
  readonly url: string;
  /** Answers like a request from outside would be; for the platform's health check. */
  fetch(request: Request): Promise<Response>;
  /** Lets no request begin until the returned function is called; returns when those under way are answered, or after 2 s. */
  hold(): Promise<() => void>;
  stop(): Promise<void>;
}

type GatewayEnv = { Variables: { claims: Claims } };

/** Headers that a browser may read and send across origins, as the hosted gateway's. */
const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit, Link, X-Total-Count, X-Supabase-Api-Version',
};

/** Starts a project's gateway on its port. PostgREST is loaded at the first request for it. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const url = `http://127.0.0.1:${options.port}`;
  const authSql = openPool(options.cluster.serviceUrl('supabase_auth_admin', options.ref), 4);
  const rest = lazyRest(options);
  const realtime = openRealtime({ ref: options.ref, cluster: options.cluster, keys: options.keys, log: options.log });
  const app = new Hono<GatewayEnv>();
  const gate = openGate();
  app.use(
    (c, next) => refuseForeignHosts(c, next),
    async (_c, next) => gate.pass(next),
    (c, next) => cors(c, next),
  );
  app.use('/rest/v1/*', (c, next) => requireKey(c, next, options.keys(), true));
  app.use('/auth/v1/*', (c, next) => requireKey(c, next, options.keys(), false));
  app.all('/rest/v1/*', async (c) => withoutCors(await (await rest.open()).fetch(c.req.raw, c.var.claims)));
  addBroadcast(app, realtime, options);
  app.use('/auth/v1/*', (c, next) => logAuth(c, next, options.authLog));
  app.route('/auth/v1', authApi({ sql: authSql, keys: options.keys, settings: () => authSettings(options.settings().auth ?? {}), url }));
  app.notFound((c) =>
    c.json({ message: `no Route matched with those values: ${c.req.method} ${c.req.path} is not emulated by the local cloud` }, 404),
  );
  app.onError((error, c) => {
    options.log(`supabase ${options.ref}: ${c.req.method} ${c.req.path} failed: ${error.message}`);
    return c.json({ message: 'An unexpected error occurred' }, 500);
  });
  const server: LoopbackServer = await serveLoopback(app, options.port, `Supabase project ${options.ref}`, options.door);
  realtime.attach(server.server);
  options.door?.upgrades(server.server, '/realtime/v1/websocket');
  return {
    url,
    fetch: async (request) => app.fetch(request),
    hold: () => gate.hold(),
    stop: async () => {
      await realtime.stop();
      await server.stop();
      await rest.close();
      await authSql.end({ timeout: 1 });
    },
  };
}

/** As Supabase Auth logs a request (github.com/supabase/auth, internal/observability/request-logger.go): no query, no body. */
async function logAuth(c: Context, next: Next, log: (line: string) => void): Promise<void> {
  const startedMs = performance.now();
  await next();
  const said = c.res.ok
    ? undefined
    : errorSchema.safeParse(
        await c.res
          .clone()
          .json()
          .catch(() => undefined),
      ).data;
  log(
    JSON.stringify({
      component: 'api',
      duration: Math.round((performance.now() - startedMs) * 1e6),
      level: c.res.status >= 500 ? 'error' : 'info',
      method: c.req.method,
      msg: 'request completed',
      path: c.req.path.replace(/^\/auth\/v1/, ''),
      status: c.res.status,
      error: said?.msg ?? said?.message,
      time: new Date().toISOString(),
    }),
  );
}

const errorSchema = z.looseObject({ msg: z.string().optional(), message: z.string().optional() });

const messagesBody = z.object({ messages: z.array(z.object({ topic: z.string(), event: z.string(), payload: z.unknown() })) });

/** Broadcasts over HTTP: several in one body, or one by its address. */
function addBroadcast(app: Hono<GatewayEnv>, realtime: Realtime, options: GatewayOptions): void {
  app.use('/realtime/v1/api/*', (c, next) => requireKey(c, next, options.keys(), true));
  app.get('/realtime/v1/api/health', (c) => c.json({ healthy: true, replication_connected: realtime.streaming() }));
  app.post('/realtime/v1/api/broadcast', (c) => broadcastAll(c, realtime));
  app.post('/realtime/v1/api/broadcast/:topic/events/:event', (c) => broadcastOne(c, realtime));
}

async function broadcastAll(c: Context, realtime: Realtime): Promise<Response> {
  const parsed = messagesBody.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success) return c.json({ errors: { messages: [z.prettifyError(parsed.error)] } }, 422);
  for (const { topic, event, payload } of parsed.data.messages) realtime.broadcast(topic, event, payload);
  return c.body(null, 202);
}

async function broadcastOne(c: Context, realtime: Realtime): Promise<Response> {
  const isBinary = c.req.header('content-type') === 'application/octet-stream';
  const payload: unknown = isBinary ? Buffer.from(await c.req.arrayBuffer()) : await c.req.json().catch(() => undefined);
  if (payload === undefined) return c.json({ error: 'The body is no JSON' }, 422);
  realtime.broadcast(c.req.param('topic') ?? '', c.req.param('event') ?? '', payload);
  return c.body(null, 202);
}

/** Opens PostgREST once, at the first request; a failure (Postgres down) is tried again at the next. */
function lazyRest(options: GatewayOptions) {
  let opened: Promise<{ readonly rest: RestApi; readonly close: () => Promise<void> }> | undefined;
  const open = async () => {
    const listener = openPool(options.cluster.serviceUrl('authenticator', options.ref), 1, { idle_timeout: 0 });
    let asked = 0;
    const rest = await openRest({
      databaseUrl: options.cluster.serviceUrl('authenticator', options.ref),
      catalogUrl: options.cluster.superuserUrl(options.ref),
      jwtSecret: options.keys().jwtSecret,
      // Notifications come on one connection, in order: two round trips on it, and all that were sent before are here.
      settle: async () => {
        asked += 1;
        const { unlisten } = await listener.listen(`settle_${asked}`, () => undefined);
        await unlisten();
      },
    });
    await listener.listen('pgrst', rest.invalidate, rest.invalidate);
    const close = async () => {
      await listener.end({ timeout: 1 });
      await rest.close();
    };
    return { rest, close };
  };
  return {
    open: async (): Promise<RestApi> => {
      opened ??= open();
      try {
        return (await opened).rest;
      } catch (error) {
        opened = undefined;
        throw error;
      }
    },
    close: async () => {
      const running = await opened?.catch(() => undefined);
      await running?.close();
    },
  };
}

async function refuseForeignHosts(c: Context, next: Next): Promise<Response | undefined> {
  if (!isLoopbackHost(c.req.header('host'))) return c.json({ message: `Host ${c.req.header('host') ?? ''} is not served here` }, 421);
  await next();
  return undefined;
}

async function cors(c: Context, next: Next): Promise<Response | undefined> {
  if (c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined) {
    return c.body(null, 200, {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT',
      'access-control-allow-headers': c.req.header('access-control-request-headers') ?? '*',
      'access-control-max-age': '3600',
    });
  }
  await next();
  for (const [name, value] of Object.entries(corsHeaders)) c.res.headers.set(name, value);
  return undefined;
}

/** lite adds its own CORS headers; ours replace them. */
function withoutCors(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const name of Array.from(headers.keys())) if (name.startsWith('access-control-')) headers.delete(name);
  return new Response(response.body, { status: response.status, headers });
}

/** Every request needs one of the project's keys; with a user's token beside it, the token decides on the rights. */
async function requireKey(c: Context<GatewayEnv>, next: Next, keys: ProjectKeys, checkBearer: boolean): Promise<Response | undefined> {
  const bearer = /^Bearer\s+(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  const key = c.req.header('apikey') ?? c.req.query('apikey');
  if (key === undefined || key === '') {
    return c.json({ message: 'No API key found in request', hint: 'No `apikey` request header or url param was found.' }, 401);
  }
  const claims = claimsOfKey(keys, key);
  if (isDisabledLegacyKey(keys, key)) {
    return c.json(
      { message: 'Legacy API keys are disabled', hint: 'Use a publishable or secret key, or enable the legacy keys again.' },
      401,
    );
  }
  if (claims === undefined) {
    return c.json({ message: 'Invalid API key', hint: 'Double check your Supabase `anon` or `service_role` API key.' }, 401);
  }
  c.set('claims', claims);
  if (checkBearer && bearer !== undefined && bearer !== key && claimsOfKey(keys, bearer) === undefined) {
    const checked = await checkToken(keys.jwtSecret, bearer);
    if ('problem' in checked) return tokenRefused(c, checked.problem);
    c.set('claims', checked.claims);
  } else if (checkBearer && bearer !== undefined) {
    c.set('claims', claimsOfKey(keys, bearer) ?? claims);
  }
  await next();
  return undefined;
}

/** PostgREST 13's errors for tokens (docs.postgrest.org, references/errors, read 2026-11-22). */
function tokenRefused(c: Context, problem: 'expired' | 'invalid'): Response {
  const expired = problem === 'expired';
  const message = expired ? 'JWT expired' : 'No suitable key or wrong key type';
  c.header('www-authenticate', `Bearer error="invalid_token", error_description="${message}"`);
  return c.json({ code: expired ? 'PGRST303' : 'PGRST301', details: null, hint: null, message }, 401);
}
