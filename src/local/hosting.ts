import { join } from 'node:path';
import { openAuthority } from './authority.ts';
import { openSourceBuilds } from './builds/source-builds.ts';
import type { Credentials } from './credentials.ts';
import type { Gateway } from './gateway.ts';
import { startGateway } from './gateway.ts';
import type { Runtime } from './runtime/runtime.ts';
import { createRuntime } from './runtime/runtime.ts';
import type { ServiceContext } from './service.ts';
import { runFilesOf } from './vercel/source-build.ts';
import type { VercelService } from './vercel/vercel.ts';
import { openVercelWorld, startVercel } from './vercel/vercel.ts';

/** The emulated hosting platform: its API, the processes of what is deployed, and the gateway in front of them. */
export interface Hosting {
  readonly vercel: VercelService;
  readonly runtime: Runtime;
  readonly gateway: Gateway;
  /** Certificate of the authority that the gateway's own are signed by. */
  readonly caFile: string;
  stop(): Promise<void>;
}

/** An instance that no alias needs rests after this time without a request, in milliseconds. */
const idleMs = 5 * 60_000;

/** What the hosting platform is started with. */
export interface HostingOptions {
  readonly credentials: Credentials;
  /** Where builds look for programs such as npm, as in PATH. */
  readonly searchPath: string;
  /** Called when domains came or went. */
  readonly onDomains: () => Promise<void>;
}

/** Starts the hosting platform. */
export async function startHosting(context: ServiceContext, { credentials, searchPath, onDomains }: HostingOptions): Promise<Hosting> {
  const team = { id: credentials.vercelTeamId, slug: 'jv-local', name: 'JetVision (local cloud)', createdAt: credentials.createdAt };
  const world = await openVercelWorld(context, { team, token: credentials.vercelToken, blobDir: join(context.sharedDir, 'blobs') });
  const runtime = await createRuntime(context, {
    pathOf: (sha) => world.blobs.pathOf(sha),
    filesOf: (id) => runFilesOf(world, id),
  });
  const builds = await openSourceBuilds({
    dir: join(context.sharedDir, 'builds'),
    account: context.functionAccount,
    node: runtime.node,
    searchPath,
    pathOf: (sha) => world.blobs.pathOf(sha),
    add: (content) => world.blobs.add(content),
  });
  const doors: { gateway?: Gateway } = {};
  const vercel = startVercel(context, world, { runtime, builds }, async () => {
    if (await doors.gateway?.refresh()) await onDomains();
  });
  const authority = await openAuthority(join(context.stateDir, 'tls'));
  const { resolve, redirect, domains } = vercel;
  const gateway = await startGateway({ runtime, ports: context.ports, authority, resolve, redirect, domains, log: context.log });
  doors.gateway = gateway;
  await gateway.refresh();
  const resting = setInterval(() => void runtime.rest(vercel.aliased(), idleMs), 60_000);
  resting.unref();
  return {
    vercel,
    runtime,
    gateway,
    caFile: authority.certificateFile,
    stop: async () => {
      clearInterval(resting);
      await vercel.stop();
      await gateway.stop();
      await runtime.stop();
    },
  };
}
