import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { LocalStatus } from '../core/local/endpoints.ts';
import { isLoopbackHost, serveLoopback } from './loopback.ts';
import type { ProjectEnvironment } from './project-environment.ts';
import { sameSecret } from './same-secret.ts';
import type { Traffic } from './traffic/traffic.ts';

/** What the control interface can be asked. */
export interface ControlOptions {
  readonly token: string;
  readonly status: () => Promise<LocalStatus>;
  readonly traffic: Traffic;
  /** Returns what the clients of a project need. */
  readonly project: (name: string) => Promise<ProjectEnvironment>;
  /** Begins to stop the local cloud. */
  readonly onStop: () => void;
}

/** The control interface, served. */
export interface Control {
  readonly url: string;
  stop(): Promise<void>;
}

type ControlApp = Hono<{ Bindings: HttpBindings }>;

/** Serves the control interface, `/_local/…`; each request needs its token. */
export async function startControl(port: number, options: ControlOptions): Promise<Control> {
  const app: ControlApp = new Hono<{ Bindings: HttpBindings }>();
  app.use(async (c, next) => {
    const refusal = refuse(c, options.token);
    if (refusal !== undefined) return c.json({ error: refusal }, 403);
    await next();
    c.res.headers.set('connection', 'close');
    return undefined;
  });
  app.get('/_local/status', async (c) => c.json(await options.status()));
  app.get('/_local/projects/:name', async (c) => c.json(await options.project(c.req.param('name'))));
  app.post('/_local/stop', (c) => {
    c.env.outgoing.once('close', options.onStop);
    return c.json({ stopping: true }, 202);
  });
  addTrafficRoutes(app, options.traffic);
  app.notFound((c) => c.json({ error: `${c.req.method} ${c.req.path} is not part of the control interface.` }, 404));
  app.onError((error, c) => c.json({ error: error.message }, 500));
  return await serveLoopback(app, port, 'the control interface');
}

const faultBody = z.object({
  service: z.string(),
  match: z.string().min(1),
  nth: z.int().min(1),
  times: z.int().min(1).nullable(),
  delayMs: z.number().min(0),
  effect: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('status'),
      status: z.int().min(200).max(599),
      retryAfterS: z.number().min(0).optional(),
      body: z.string().optional(),
    }),
    z.object({ kind: z.literal('stale'), status: z.int().min(400).max(599), answers: z.int().min(1) }),
    z.object({
      kind: z.enum(['none', 'reset-before', 'reset-after-commit', 'hang', 'drip', 'redirect-loop', 'early-ready', 'quota', 'expire-token']),
    }),
  ]),
});

function addTrafficRoutes(app: ControlApp, { ledger, faults, routes, services }: Traffic): void {
  app.get('/_local/log', (c) => c.json(ledger.report(c.req.query('service'))));
  app.get('/_local/routes', (c) => c.json({ routes: routes() }));
  app.get('/_local/faults', (c) => c.json({ faults: faults.list() }));
  app.post('/_local/faults', async (c) => {
    const parsed = faultBody.safeParse(await c.req.json().catch(() => undefined));
    if (!parsed.success) return c.json({ error: z.prettifyError(parsed.error) }, 400);
    const { effect, ...wish } = parsed.data;
    const known = services();
    if (wish.service !== 'all' && !known.includes(wish.service))
      return c.json({ error: `There is no service ${JSON.stringify(wish.service)}, expected all or one of ${known.join(', ')}.` }, 400);
    const whole = effect.kind === 'status' ? { ...effect, retryAfterS: effect.retryAfterS, body: effect.body } : effect;
    return c.json(faults.add({ ...wish, effect: whole }), 201);
  });
  app.delete('/_local/faults', (c) => c.json({ cleared: faults.clear() }));
  app.delete('/_local/faults/:id', (c) => {
    const cleared = faults.clear(c.req.param('id'));
    return cleared === 0 ? c.json({ error: `There is no fault ${c.req.param('id')}.` }, 404) : c.json({ cleared });
  });
}

function refuse(c: Context, token: string): string | undefined {
  const host = c.req.header('host');
  if (!isLoopbackHost(host)) return `The host "${host ?? ''}" is not served here.`;
  const given = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  return sameSecret(given, token) ? undefined : 'The control token is missing or wrong.';
}
