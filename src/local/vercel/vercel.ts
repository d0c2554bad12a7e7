import { timingSafeEqual, createHash } from 'node:crypto';
import { join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { SourceBuilds } from '../builds/source-builds.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { addAccountDomainRoutes } from './account-domains.ts';
import { addAliasRoutes } from './aliases.ts';
import { openBlobs } from './blobs.ts';
import { addCustomEnvironmentRoutes } from './custom-environments.ts';
import { addDeploymentRoutes } from './deployments.ts';
import { addDnsRoutes } from './dns.ts';
import { createDomainMoves } from './domain-moves.ts';
import { addDomainRoutes } from './domains.ts';
import { addEnvRoutes } from './env.ts';
import { VercelError } from './errors.ts';
import { addEventRoutes } from './events.ts';
import { addFileRoutes } from './files.ts';
import type { VercelApp, VercelContext } from './http.ts';
import { plainPath } from './http.ts';
import type { Team } from './model.ts';
import { createPipeline } from './pipeline.ts';
import { createRateLimit } from './rate-limit.ts';
import type { Wall } from './protection.ts';
import { wallOf } from './protection.ts';
import { addProjectRoutes } from './projects.ts';
import { addPromoteRoutes, addProtectionRoutes } from './promote.ts';
import { addRuntimeLogRoutes } from './runtime-logs.ts';
import { sourceOf } from './new-deployment.ts';
import { addUserRoutes } from './user.ts';
import type { World } from './world.ts';
import { openWorld } from './world.ts';

/** What a host name leads to. */
export interface HostTarget {
  readonly deploymentId: string;
  readonly ready: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** The login wall in front of it, if any. */
  readonly wall: Wall | undefined;
}

/** Where a domain that shows nothing itself sends its visitors. */
export interface HostRedirect {
  readonly host: string;
  readonly status: number;
}

/** The emulated Vercel, and what the gateway asks it. */
export interface VercelService extends LocalService {
  readonly name: 'vercel';
  /** Returns what a host name leads to, or undefined. Cheap: it is asked for every request. */
  resolve(host: string): HostTarget | undefined;
  /** Returns where a domain redirects to, or undefined. */
  redirect(host: string): HostRedirect | undefined;
  /** Returns the names of all project domains. */
  domains(): readonly string[];
  /** Returns the deployments that host names other than their own point to: their instances are kept. */
  aliased(): ReadonlySet<string>;
  /** Returns the deployments that production domains point to, for their cron jobs. */
  productionDeployments(): readonly { readonly id: string; readonly url: string; readonly env: Readonly<Record<string, string>> }[];
}

/** What the emulated Vercel's memory is opened with. */
export interface VercelOptions {
  readonly token: string;
  readonly team: Team;
  /** Folder of the uploaded files: on the file system of the deployed apps, so that they can be hard-linked. */
  readonly blobDir: string;
}

/** Opens what the emulated Vercel remembers. */
export async function openVercelWorld(context: ServiceContext, options: VercelOptions): Promise<World> {
  const blobs = await openBlobs(options.blobDir);
  return await openWorld(join(context.stateDir, 'world'), options.team, options.token, blobs);
}

/**
 * Starts the emulated Vercel: its REST interface and the pipeline that runs what is deployed. `onHosts` is called when domains
 * or aliases changed, before the change is answered.
 */
export function startVercel(
  context: ServiceContext,
  world: World,
  { runtime, builds }: { readonly runtime: Runtime; readonly builds: SourceBuilds },
  onHosts: () => Promise<void>,
): VercelService {
  const pipeline = createPipeline({ world, runtime, builds, onChange: onHosts, log: context.log });
  const moves = createDomainMoves(world, onHosts, context.log);

  const app: VercelApp = new Hono<{ Bindings: HttpBindings }>({ getPath: plainPath });
  app.onError((error, c) => answerError(error, c, context.log));
  app.notFound((c) => notEmulated(c));
  const count = createRateLimit();
  app.use('*', async (c, next) => {
    count(c);
    admit(world, c);
    await next();
  });
  addUserRoutes(app, world);
  addFileRoutes(app, world);
  addDeploymentRoutes(app, world, pipeline, runtime, onHosts);
  addEventRoutes(app, world, runtime);
  addRuntimeLogRoutes(app, world, runtime);
  addAliasRoutes(app, world, onHosts);
  addPromoteRoutes(app, world, moves);
  addProtectionRoutes(app, world);
  addEnvRoutes(app, world);
  addCustomEnvironmentRoutes(app, world);
  addDomainRoutes(app, world, onHosts);
  addAccountDomainRoutes(app, world, onHosts);
  addDnsRoutes(app, world);
  addProjectRoutes(app, world, async (project) => {
    const ours = world.deployments.all().filter((deployment) => deployment.projectId === project.id);
    for (const deployment of ours) await runtime.discard(deployment.id);
    await onHosts();
  });
  pipeline.resume();
  moves.resume();

  return {
    name: 'vercel',
    app,
    ...hostQuestions(world),
    stop: async () => {
      await Promise.all([pipeline.settle(), moves.settle()]);
    },
  };
}

function hostQuestions(world: World): Pick<VercelService, 'resolve' | 'redirect' | 'domains' | 'aliased' | 'productionDeployments'> {
  const byUrl = new Map<string, string>();
  const idOf = (host: string) => {
    const aliased = world.aliases.get(host)?.deploymentId ?? byUrl.get(host);
    if (aliased !== undefined) return aliased;
    const found = world.deployments.all().find((deployment) => deployment.url === host);
    if (found) byUrl.set(host, found.id);
    return found?.id;
  };
  return {
    resolve: (host) => {
      const deployment = world.deployments.get(idOf(host) ?? '');
      if (!deployment) return undefined;
      const env = world.sources.get(deployment.id)?.env ?? {};
      const wall = wallOf(world, deployment, host);
      return { deploymentId: deployment.id, ready: deployment.readyState === 'READY', env, wall };
    },
    redirect: (host) => {
      const domain = world.domains.get(host);
      if (!domain?.redirect || !domain.verified) return undefined;
      return { host: domain.redirect, status: domain.redirectStatusCode ?? 307 };
    },
    domains: () => world.domains.all().map((domain) => domain.name),
    aliased: () => new Set(world.aliases.all().map((alias) => alias.deploymentId)),
    productionDeployments: () => {
      const names = new Set(world.domains.all().map((domain) => domain.name));
      const ids = new Set(
        world.aliases
          .all()
          .filter((alias) => names.has(alias.alias))
          .map((alias) => alias.deploymentId),
      );
      const live = world.deployments.all().filter((one) => ids.has(one.id) && one.target === 'production');
      return live.map((one) => ({ id: one.id, url: one.url, env: sourceOf(world, one).env }));
    },
  };
}

/** Checks Host header, token and scope, in this order. */
function admit(world: World, c: VercelContext): void {
  const host = (c.req.header('host') ?? '').replace(/:\d+$/, '');
  if (host !== '127.0.0.1' && host !== 'localhost' && host !== '[::1]') {
    throw new VercelError(403, 'forbidden', `The host "${host}" is not served here: only loopback addresses are.`);
  }
  const token = /^Bearer\s+(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) {
    throw new VercelError(403, 'forbidden', 'The request is missing an authentication token', { missingToken: true });
  }
  if (!sameSecret(token, world.token)) throw new VercelError(403, 'forbidden', 'Not authorized', { invalidToken: true });
  const scope = c.req.query('teamId') ?? c.req.query('slug');
  if (scope && scope !== world.team.id && scope !== world.team.slug) {
    throw new VercelError(
      403,
      'forbidden',
      `Not authorized: Trying to access resource under scope "${scope}". You must re-authenticate to this scope.`,
    );
  }
}

function sameSecret(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function answerError(error: Error, c: VercelContext, log: (line: string) => void): Response {
  if (error instanceof VercelError) return c.json(error.body, error.status);
  log(`vercel: ${c.req.method} ${c.req.path}: ${error.stack ?? error.message}`);
  return c.json({ error: { code: 'internal_server_error', message: 'An unexpected internal error occurred.' } }, 500);
}

function notEmulated(c: VercelContext): Response {
  const route = `${c.req.method} ${new URL(c.req.url).pathname}`;
  return c.json({ error: { code: 'not_found', message: `${route} is not emulated by the local cloud.` } }, 404);
}
