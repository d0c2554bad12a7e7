import { z } from 'zod';
import type { Deployment, Deployments, NewDeployment, UploadProgress } from '../../core/ports/hosting.ts';
import { plainLine } from '../../core/printable.ts';
import { apiPath } from '../http/api-path.ts';
import type { ApiRequest } from '../http/api-client.ts';
import { VendorError } from '../http/api-error.ts';
import { createOnce } from '../http/create-once.ts';
import { alikeButForCase } from '../../core/files/alike.ts';
import { listOutputFiles, type OutputFile } from './output-files.ts';
import { uploadMissing } from './upload.ts';
import type { VercelApi } from './vercel-api.ts';

/** Returns the origin at which a deployment's host name is reached: `https://<host>` at Vercel, the gateway locally. */
export type DeploymentOrigin = (hostname: string) => string;

// Shapes: contracts.md §1.2 to §1.4, only the fields that are used. Lists say `uid`, `state` and `created`.
const deploymentSchema = z.object({
  id: z.string().optional(),
  uid: z.string().optional(),
  url: z.string().nullable(),
  readyState: z.string().optional(),
  state: z.string().optional(),
  createdAt: z.number().optional(),
  created: z.number().optional(),
  meta: z.record(z.string(), z.unknown()).nullish(),
  errorMessage: z.string().nullish(),
});

const missingFilesSchema = z.object({ error: z.object({ code: z.literal('missing_files'), missing: z.array(z.string()).min(1) }) });

const pageSchema = z.object({
  deployments: z.array(deploymentSchema),
  pagination: z.object({ next: z.number().nullish() }).nullish(),
});

const eventSchema = z.object({
  type: z.string().optional(),
  text: z.string().optional(),
  payload: z.object({ text: z.string().optional() }).nullish(),
});

/** Deployments a page, and pages that are read when looking for one of ours: the newest 500. */
const pageSize = 100;
const maxPages = 5;

/** Last lines of a build log that a failed deployment carries. */
const failureLines = 20;

/** Times that the vendor may say that it misses files which were just sent. */
const uploadRounds = 3;

/** Returns the port over Vercel's REST API. */
export function vercelDeployments(api: VercelApi, origin: DeploymentOrigin = (hostname) => `https://${hostname}`): Deployments {
  const context = { api, origin };
  return {
    create: (deployment, onProgress, signal) => createDeployment(context, deployment, onProgress, signal),
    get: (id, signal) => getDeployment(context, id, signal),
    find: (id, signal) => findDeployment(context, id, signal),
    live: (projectId, domain, signal) => liveDeployment(context, projectId, domain, signal),
    findByMeta: (projectId, meta, signal) => findByMeta(context, projectId, meta, signal),
  };
}

interface Context {
  readonly api: VercelApi;
  readonly origin: DeploymentOrigin;
}

async function createDeployment(
  context: Context,
  wanted: NewDeployment,
  onProgress: (progress: UploadProgress) => void,
  signal: AbortSignal,
): Promise<Deployment> {
  const { files, leftOut } = await listOutputFiles(wanted.outputDir, signal);
  const alike = alikeButForCase(files.map(({ file }) => file));
  onProgress({ files: files.length, filesToSend: 0, sent: 0, bytesToSend: 0, alike, leftOut });
  for (let round = 1; ; round += 1) {
    const answer = await createOnce(
      () => tryToCreate(context, wanted, files, signal),
      // Without a marker of ours any deployment would match.
      async () =>
        Object.keys(wanted.meta).length === 0 ? undefined : (await findByMeta(context, wanted.projectId, wanted.meta, signal))[0],
    );
    if (!('missing' in answer)) return answer;
    if (round > uploadRounds) {
      throw new VendorError(
        'vendor',
        'VERCEL_UPLOAD_LOST',
        `Vercel still misses ${answer.missing.length} of ${files.length} files after they were sent ${uploadRounds} times.`,
        {
          fix: 'Run the same command again: files that arrived are not sent again.',
        },
      );
    }
    await uploadMissing(context.api, files, answer.missing, onProgress, signal);
  }
}

/** Asks to create the deployment from files by their sha1: the answer is the deployment, or which of them the vendor misses. */
async function tryToCreate(
  { api, origin }: Context,
  wanted: NewDeployment,
  files: readonly OutputFile[],
  signal: AbortSignal,
): Promise<Deployment | { readonly missing: readonly string[] }> {
  const json = {
    name: wanted.projectName,
    project: wanted.projectId,
    // What has an environment of its own is a preview, the vendor's default target (contracts.md §1.2: `env` is what `vercel deploy -e` sends).
    ...(wanted.environment === undefined ? { target: 'production', autoAssignCustomDomains: false } : { env: wanted.environment }),
    version: 2,
    source: 'cli',
    meta: wanted.meta,
    gitMetadata: gitMetadata(wanted.meta),
    projectSettings: { framework: null },
    files: files.map(({ file, sha, size, mode }) => ({ file, sha, size, mode })),
  };
  const query = { forceNew: 1, prebuilt: 1, skipAutoDetectionConfirmation: 1 };
  const request: ApiRequest = { method: 'POST', path: '/v13/deployments', query, json, accept: [400], attemptMs: 60_000, signal };
  const answer = await api.send(request);
  if (answer.status !== 400) return deploymentOf(origin, api.parse(request, answer, deploymentSchema));
  const missing = missingFilesSchema.safeParse(jsonOrUndefined(answer.text));
  if (missing.success) return { missing: missing.data.error.missing };
  throw api.refusal(request, answer);
}

/** What Vercel makes `VERCEL_GIT_COMMIT_SHA` and its siblings from; the `github…` names in meta are those of its own integration. */
function gitMetadata(meta: Readonly<Record<string, string>>): Record<string, string | boolean> {
  const { githubCommitSha, githubCommitRef, jvDirty } = meta;
  return {
    ...(githubCommitSha === undefined ? {} : { commitSha: githubCommitSha }),
    ...(githubCommitRef === undefined ? {} : { commitRef: githubCommitRef }),
    ...(jvDirty === undefined ? {} : { dirty: jvDirty === 'true' }),
  };
}

async function getDeployment(context: Context, id: string, signal: AbortSignal): Promise<Deployment> {
  const body = await context.api.read({ method: 'GET', path: apiPath`/v13/deployments/${id}`, signal }, deploymentSchema);
  return await withFailure(context, body, signal);
}

async function findDeployment(context: Context, id: string, signal: AbortSignal): Promise<Deployment | undefined> {
  const request: ApiRequest = { method: 'GET', path: apiPath`/v13/deployments/${id}`, accept: [404], signal };
  const answer = await context.api.send(request);
  return answer.status === 404 ? undefined : await withFailure(context, context.api.parse(request, answer, deploymentSchema), signal);
}

async function withFailure({ api, origin }: Context, body: z.infer<typeof deploymentSchema>, signal: AbortSignal): Promise<Deployment> {
  const deployment = deploymentOf(origin, body);
  if (deployment.state !== 'error') return deployment;
  return { ...deployment, failure: await failureOf(api, deployment.id, body.errorMessage ?? undefined, signal) };
}

/** Returns why a deployment failed: the vendor's message and the build log's last lines, a line each, printable. */
async function failureOf(api: VercelApi, id: string, message: string | undefined, signal: AbortSignal): Promise<string> {
  const request: ApiRequest = {
    method: 'GET',
    path: apiPath`/v3/deployments/${id}/events`,
    query: { direction: 'backward', limit: 100, builds: 1 },
    accept: [404],
    signal,
  };
  const answer = await api.send(request);
  const events = z.array(eventSchema).safeParse(jsonOrUndefined(answer.text)).data ?? [];
  const lines = events.toReversed().flatMap((event) => event.text ?? event.payload?.text ?? []);
  const shown = lines
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.trim() !== '')
    .slice(-failureLines);
  return [...(message === undefined ? [] : [message]), ...shown].map(plainLine).join('\n');
}

async function liveDeployment(context: Context, projectId: string, domain: string, signal: AbortSignal): Promise<Deployment | undefined> {
  const request: ApiRequest = { method: 'GET', path: apiPath`/v4/aliases/${domain}`, query: { projectId }, accept: [404], signal };
  const answer = await context.api.send(request);
  if (answer.status === 404) return undefined;
  const alias = context.api.parse(request, answer, z.object({ deploymentId: z.string().nullish() }));
  const id = alias.deploymentId ?? undefined;
  return id === undefined ? undefined : getDeployment(context, id, signal);
}

async function findByMeta(
  { api, origin }: Context,
  projectId: string,
  meta: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly Deployment[]> {
  // `meta-<name>` is how the vendor's own client filters; it is not in the OpenAPI file, so the answer is filtered again.
  const filter = Object.fromEntries(Object.entries(meta).map(([name, value]) => [`meta-${name}`, value]));
  const found: Deployment[] = [];
  let until: number | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const query = { projectId, limit: pageSize, until, ...filter };
    const body = await api.read({ method: 'GET', path: '/v6/deployments', query, signal }, pageSchema);
    found.push(...body.deployments.map((item) => deploymentOf(origin, item)).filter((item) => hasMeta(item, meta)));
    const next = body.pagination?.next ?? undefined;
    if (next === undefined || body.deployments.length === 0 || next === until) break;
    until = next;
  }
  return found.toSorted((left, right) => (left.createdAt < right.createdAt ? 1 : -1));
}

function hasMeta(deployment: Deployment, meta: Readonly<Record<string, string>>): boolean {
  return Object.entries(meta).every(([name, value]) => deployment.meta[name] === value);
}

function deploymentOf(origin: DeploymentOrigin, body: z.infer<typeof deploymentSchema>): Deployment {
  const meta = Object.entries(body.meta ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
  return {
    id: body.id ?? body.uid ?? '',
    url: origin(body.url ?? ''),
    state: stateOf(body.readyState ?? body.state ?? 'QUEUED'),
    createdAt: new Date(body.createdAt ?? body.created ?? 0).toISOString(),
    meta: Object.fromEntries(meta),
  };
}

function stateOf(readyState: string): Deployment['state'] {
  switch (readyState) {
    case 'READY':
      return 'ready';
    case 'ERROR':
      return 'error';
    case 'CANCELED':
    case 'DELETED':
      return 'canceled';
    case 'BUILDING':
    case 'INITIALIZING':
      return 'building';
    default:
      // QUEUED, and states that the vendor adds later: not done yet, so the caller's deadline decides.
      return 'queued';
  }
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
