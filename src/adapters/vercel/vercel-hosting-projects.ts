import { z } from 'zod';
import type {
  HostingDomain,
  HostingProject,
  HostingProjects,
  HostingVariable,
  ListedVariable,
  NewHostingProject,
} from '../../core/ports/hosting.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { printable } from '../../core/printable.ts';
import { systemClock } from '../system/system-clock.ts';
import { apiPath } from '../http/api-path.ts';
import { VendorError } from '../http/api-error.ts';
import { createOnce } from '../http/create-once.ts';
import type { VercelApi } from './vercel-api.ts';
import { markerPayload } from './vercel-marker.ts';

// Shapes: contracts.md §1.3 (from @vercel/sdk 1.28.35 and the OpenAPI file of 2025-10-29), only the fields that are used.
const projectSchema = z.object({ id: z.string(), name: z.string(), autoAssignCustomDomains: z.boolean().optional() });

/** A variable as the platform lists it. */
export const variableSchema = z.object({
  key: z.string(),
  target: z.union([z.string(), z.array(z.string())]).nullish(),
  gitBranch: z.string().nullish(),
  comment: z.string().nullish(),
  updatedAt: z.number().nullish(),
});

const createdVariableSchema = z.object({ key: z.string() });

const writtenVariablesSchema = z.object({
  created: z.union([createdVariableSchema, z.array(createdVariableSchema)]).nullish(),
  failed: z
    .array(
      z.object({
        error: z.object({
          code: z.string().optional(),
          message: z.string().optional(),
          key: z.string().optional(),
          envVarKey: z.string().optional(),
        }),
      }),
    )
    .default([]),
});

/** A domain of a project. */
export const domainSchema = z.object({
  name: z.string(),
  verified: z.boolean(),
  verification: z.array(z.object({ type: z.string(), domain: z.string(), value: z.string() })).optional(),
});

/** Comment that carries our fingerprint beside a write-only value, and when we wrote it (ms since 1970 UTC). */
const fingerprintComment = /^jv:([0-9a-f]{64})(?: (\d{1,15}))?$/;

/** Returns the port over Vercel's REST API. */
export function vercelHostingProjects(api: VercelApi, clock: Clock = systemClock): HostingProjects {
  const find = (name: string, signal: AbortSignal) => findProject(api, name, signal);
  return {
    find,
    create: (project, signal) =>
      createOnce(
        () => createProject(api, project, signal),
        () => find(project.name, signal),
      ),
    setVariables: (projectId, variables, signal) => setVariables(api, { projectId, variables, nowMs: clock.nowMs() }, signal),
    readableValues: (projectId, signal) => readableValues(api, projectId, signal),
    variables: (projectId, signal) => listVariables(api, projectId, signal),
    findDomain: async (projectId, domain, signal) => {
      const request = { method: 'GET' as const, path: apiPath`/v9/projects/${projectId}/domains/${domain}`, accept: [404], signal };
      const answer = await api.send(request);
      return answer.status === 404 ? undefined : hostingDomain(api.parse(request, answer, domainSchema));
    },
    addDomain: async (projectId, domain, signal) => {
      const path = apiPath`/v10/projects/${projectId}/domains`;
      const request = { method: 'POST' as const, path, json: { name: domain }, accept: [409], signal };
      const answer = await api.send(request);
      if (answer.status === 409) throw domainTaken(domain);
      return hostingDomain(api.parse(request, answer, domainSchema));
    },
    setAutoAssignDomains: async (projectId, on, signal) => {
      const path = apiPath`/v9/projects/${projectId}`;
      await api.send({ method: 'PATCH', path, json: { autoAssignCustomDomains: on }, repeatable: true, signal });
    },
  };
}

async function findProject(api: VercelApi, name: string, signal: AbortSignal): Promise<HostingProject | undefined> {
  const request = { method: 'GET' as const, path: apiPath`/v9/projects/${name}`, accept: [404], signal };
  const answer = await api.send(request);
  if (answer.status === 404) return undefined;
  const project = api.parse(request, answer, projectSchema);
  // The path takes an id as well as a name: only an exact name is the project that was meant.
  return project.name === name ? hostingProject(project) : undefined;
}

async function createProject(api: VercelApi, wanted: NewHostingProject, signal: AbortSignal): Promise<HostingProject> {
  // With its marker from the first moment: a crash right after leaves no project that nobody owns.
  const environmentVariables = wanted.marker === undefined ? undefined : [markerPayload(wanted.marker)];
  const json = { name: wanted.name, framework: null, serverlessFunctionRegion: wanted.region, environmentVariables };
  const request = { method: 'POST' as const, path: '/v11/projects', json, accept: [409], signal };
  const answer = await api.send(request);
  if (answer.status === 409) throw nameTaken(wanted.name);
  const created = api.parse(request, answer, projectSchema);
  // Creating takes neither of these (OpenAPI file of 2025-10-29): they are settings of a project that exists.
  const settings = { nodeVersion: wanted.nodeVersion, autoExposeSystemEnvs: true, autoAssignCustomDomains: true };
  const path = apiPath`/v9/projects/${created.id}`;
  return hostingProject(await api.read({ method: 'PATCH', path, json: settings, repeatable: true, signal }, projectSchema));
}

/** The team has a project of the name that the token was not shown when it was looked for. */
function nameTaken(name: string): VendorError {
  const message = `Vercel has a project ${printable(name)} in this team already, and did not show it to this token: it is somebody else's, or was made this moment.`;
  return new VendorError('refused', 'VERCEL_NAME_TAKEN', message, {
    status: 409,
    fix: 'Choose another `name` in the configuration, or use a token that sees that project and run `jv-staging plan`.',
  });
}

function domainTaken(domain: string): VendorError {
  const message = `The domain ${printable(domain)} belongs to another project of this team, and is not taken away from it.`;
  return new VendorError('vendor', 'VERCEL_DOMAIN_TAKEN', message, {
    status: 409,
    fix: 'Remove it from that project at the Vercel dashboard (Settings, Domains), or name another `domain` in the configuration; then run the same command again.',
  });
}

async function setVariables(
  api: VercelApi,
  { projectId, variables, nowMs }: { readonly projectId: string; readonly variables: readonly HostingVariable[]; readonly nowMs: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (variables.length === 0) return [];
  const json = variables.map((variable) => ({
    key: variable.name,
    value: variable.value,
    type: variable.class === 'secret' ? 'sensitive' : 'encrypted',
    target: ['production'],
    comment: `jv:${variable.fingerprint} ${nowMs}`,
  }));
  const path = apiPath`/v10/projects/${projectId}/env`;
  const written = await api.read({ method: 'POST', path, query: { upsert: true }, json, repeatable: true, signal }, writtenVariablesSchema);
  const created = written.created ?? [];
  const names = (Array.isArray(created) ? created : [created]).map((variable) => variable.key);
  const failures = written.failed.map(({ error }) => ({
    name: error.key ?? error.envVarKey ?? '?',
    reason: printable(error.message ?? error.code ?? 'no reason given'),
  }));
  if (failures.length > 0) throw variablesRefused(variables.length, names, failures);
  return names;
}

function variablesRefused(
  asked: number,
  written: readonly string[],
  failures: readonly { readonly name: string; readonly reason: string }[],
): VendorError {
  const reasons = failures.map((failure) => `${printable(failure.name, 100)} (${failure.reason})`).join(', ');
  return new VendorError('vendor', 'VERCEL_VARIABLES_REFUSED', `Vercel refused ${failures.length} of ${asked} variables: ${reasons}.`, {
    data: { written, refused: failures },
    fix: 'Change what it names in `env` of the configuration, then run the same command again: it writes the rest.',
  });
}

async function listVariables(api: VercelApi, projectId: string, signal: AbortSignal): Promise<readonly ListedVariable[]> {
  const schema = z.object({ envs: z.array(variableSchema) });
  const { envs } = await api.read({ method: 'GET', path: apiPath`/v10/projects/${projectId}/env`, signal }, schema);
  return envs.filter(isForProduction).map((variable) => ({
    name: variable.key,
    fingerprint: fingerprintOf(variable),
    updatedAtMs: variable.updatedAt ?? null,
  }));
}

/** Returns true for a variable that production deployments of every branch get. */
export function isForProduction(variable: Pick<z.infer<typeof variableSchema>, 'target' | 'gitBranch'>): boolean {
  return [variable.target ?? []].flat().includes('production') && (variable.gitBranch ?? '') === '';
}

/** Returns the fingerprint that we kept beside a value, or null when somebody else wrote it. */
export function fingerprintOf({ comment }: Pick<z.infer<typeof variableSchema>, 'comment'>): string | null {
  return fingerprintComment.exec(comment ?? '')?.[1] ?? null;
}

/** Returns when we wrote a value by our own clock (ms since 1970 UTC), or null when nobody says. */
export function writtenAtOf({ comment }: Pick<z.infer<typeof variableSchema>, 'comment'>): number | null {
  const digits = fingerprintComment.exec(comment ?? '')?.[2];
  return digits === undefined ? null : Number(digits);
}

/** What Vercel answers in place of a sensitive value; which of the two depends on who asks (contracts.md §1.2). */
const hidden = ['', '[SENSITIVE]'];

async function readableValues(api: VercelApi, projectId: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const schema = z.object({ env: z.record(z.string(), z.string()) });
  const path = apiPath`/v3/env/pull/${projectId}/production`;
  const { env } = await api.read({ method: 'GET', path, query: { source: 'jv-staging' }, signal }, schema);
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => !hidden.includes(value) && !name.startsWith('VERCEL_')));
}

/** Returns a project as our port has it. */
export function hostingProject(project: z.infer<typeof projectSchema>): HostingProject {
  // A missing setting counts as off: taking a pinned project for a free one would leave the domain on an old deployment.
  return { id: project.id, name: project.name, autoAssignDomains: project.autoAssignCustomDomains ?? false };
}

/** Returns a domain as our port has it. */
export function hostingDomain(domain: z.infer<typeof domainSchema>): HostingDomain {
  const challenge = domain.verification?.[0];
  if (domain.verified || challenge === undefined) return { name: domain.name, verified: domain.verified };
  return { name: domain.name, verified: false, record: { type: challenge.type, name: challenge.domain, value: challenge.value } };
}
