import { z } from 'zod';
import type { OwnershipMarker } from '../../core/plan/marker.ts';
import type { Fields } from '../../core/plan/model.ts';
import type { DatedVariable, DnsRecord, HostingAnswer, HostingQuestion, HostingReading, ManagedHosting } from '../../core/ports/managed.ts';
import type { HostingDomain } from '../../core/ports/hosting.ts';
import type { DomainDns } from '../../core/ports/accounts.ts';
import { apiPath } from '../http/api-path.ts';
import type { VercelApi } from './vercel-api.ts';
import {
  domainSchema,
  fingerprintOf,
  hostingDomain,
  hostingProject,
  isForProduction,
  variableSchema,
  writtenAtOf,
} from './vercel-hosting-projects.ts';
import { markerIn, markerPayload } from './vercel-marker.ts';
import { changeProject } from './vercel-project-changes.ts';

// Shapes: contracts.md §1.3 (from @vercel/sdk 1.28.35 and the OpenAPI file of 2025-10-29), only the fields that are used.
const projectSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.number().optional(),
  autoAssignCustomDomains: z.boolean().optional(),
  nodeVersion: z.string().optional(),
  serverlessFunctionRegion: z.string().nullish(),
  framework: z.string().nullish(),
  buildCommand: z.string().nullish(),
  installCommand: z.string().nullish(),
  outputDirectory: z.string().nullish(),
  rootDirectory: z.string().nullish(),
  commandForIgnoringBuildStep: z.string().nullish(),
  link: z
    .object({
      type: z.string().optional(),
      org: z.string().optional(),
      repo: z.string().optional(),
      productionBranch: z.string().optional(),
    })
    .nullish(),
  protectionBypass: z.record(z.string(), z.object({ scope: z.string().optional() })).nullish(),
  lastRollbackTarget: z.unknown(),
});

type ProjectBody = z.infer<typeof projectSchema>;

const datedSchema = variableSchema.extend({ updatedAt: z.number().nullish(), value: z.string().nullish() });

/** `next` is the cursor of the next page, when there is one (the vendor's newest answers have one page). */
const variablesSchema = z.object({
  envs: z.array(datedSchema),
  pagination: z.object({ next: z.union([z.number(), z.string()]).nullish() }).nullish(),
});

const dnsSchema = z.object({
  misconfigured: z.boolean().nullish(),
  recommendedCNAME: z.array(z.object({ rank: z.number(), value: z.string() })).nullish(),
  recommendedIPv4: z.array(z.object({ rank: z.number(), value: z.array(z.string()) })).nullish(),
});

/** Returns the port over Vercel's REST API. */
export function vercelManagedProject(api: VercelApi): ManagedHosting {
  return {
    read: (question, signal) => readHosting(api, question, signal),
    change: (projectId, fields, signal) => changeProject(api, projectId, fields, signal),
    writeMarker: (projectId, marker, signal) => writeMarker(api, projectId, marker, signal),
    remove: async (projectId, signal) => {
      await api.send({ method: 'DELETE', path: apiPath`/v9/projects/${projectId}`, accept: [404], signal });
    },
    bypassSecret: async (projectId, signal) => {
      const { protectionBypass } = await api.read({ method: 'GET', path: apiPath`/v9/projects/${projectId}`, signal }, projectSchema);
      return automationSecrets(protectionBypass)[0];
    },
  };
}

/** Everything by name and at once: a project that is not there answers 404 to all of it. */
async function readHosting(api: VercelApi, question: HostingQuestion, signal: AbortSignal): Promise<HostingAnswer> {
  const { name, domain } = question;
  const [project, variables, hosted, dns, production] = await Promise.all([
    readProject(api, name, signal),
    readVariables(api, name, signal),
    readDomain(api, name, domain, signal),
    missingRecord(api, domain, signal),
    Promise.all(question.production.map((each) => readProject(api, each, signal))),
  ]);
  const productionRegion = production.find((each) => each !== undefined)?.serverlessFunctionRegion ?? undefined;
  // The path takes an id as well as a name: only an exact name is the project that was meant.
  if (project === undefined || project.name !== name) return { project: undefined, dns, productionRegion };
  return { project: hostingReading(project, variables, hosted), dns, productionRegion };
}

async function readProject(api: VercelApi, name: string, signal: AbortSignal): Promise<ProjectBody | undefined> {
  const request = { method: 'GET' as const, path: apiPath`/v9/projects/${name}`, accept: [404], signal };
  const answer = await api.send(request);
  return answer.status === 404 ? undefined : api.parse(request, answer, projectSchema);
}

/** Follows the pages to their end; a cursor that comes again would be a loop, and ends it. */
async function readVariables(api: VercelApi, name: string, signal: AbortSignal): Promise<readonly z.infer<typeof datedSchema>[]> {
  const found: z.infer<typeof datedSchema>[] = [];
  const seen = new Set<string>();
  for (let until: string | undefined; ;) {
    const path = apiPath`/v10/projects/${name}/env`;
    const request = { method: 'GET' as const, path, query: { until }, accept: [404], signal };
    const answer = await api.send(request);
    if (answer.status === 404) return found;
    const { envs, pagination } = api.parse(request, answer, variablesSchema);
    found.push(...envs);
    const next = pagination?.next ?? undefined;
    if (next === undefined || envs.length === 0 || seen.has(String(next))) return found;
    until = String(next);
    seen.add(until);
  }
}

async function readDomain(api: VercelApi, name: string, domain: string, signal: AbortSignal): Promise<HostingDomain | undefined> {
  const request = { method: 'GET' as const, path: apiPath`/v9/projects/${name}/domains/${domain}`, accept: [404], signal };
  const answer = await api.send(request);
  return answer.status === 404 ? undefined : hostingDomain(api.parse(request, answer, domainSchema));
}

async function missingRecord(api: VercelApi, domain: string, signal: AbortSignal): Promise<DnsRecord | undefined> {
  // The plan says nothing about a DNS that it may not look at.
  const dns = await readDns(api, domain, signal);
  return typeof dns === 'string' ? undefined : dns;
}

/** Returns what Vercel sees of a domain's DNS. Whoever may not look at the domain's configuration gets 403 or 404. */
export async function readDns(api: VercelApi, domain: string, signal: AbortSignal): Promise<DomainDns> {
  const request = { method: 'GET' as const, path: apiPath`/v6/domains/${domain}/config`, accept: [403, 404], signal };
  const answer = await api.send(request);
  if (answer.status !== 200) return 'not told';
  const { misconfigured, recommendedCNAME, recommendedIPv4 } = api.parse(request, answer, dnsSchema);
  if (misconfigured !== true) return 'configured';
  const [cname] = (recommendedCNAME ?? []).toSorted((left, right) => left.rank - right.rank);
  const [address] = (recommendedIPv4 ?? []).toSorted((left, right) => left.rank - right.rank);
  // The zone's own name cannot be a CNAME.
  if (domain.split('.').length > 2 && cname !== undefined) return { type: 'CNAME', name: domain, value: cname.value };
  return address?.value[0] === undefined ? 'not told' : { type: 'A', name: domain, value: address.value[0] };
}

function hostingReading(
  project: ProjectBody,
  variables: readonly z.infer<typeof datedSchema>[],
  domain: HostingDomain | undefined,
): HostingReading {
  return {
    resource: hostingProject(project),
    createdAtMs: project.createdAt ?? null,
    fields: fieldsOf(project),
    marker: markerIn(variables),
    variables: variables.filter(isForProduction).map((variable): DatedVariable => ({
      name: variable.key,
      fingerprint: fingerprintOf(variable),
      updatedAtMs: variable.updatedAt ?? null,
      writtenAtMs: writtenAtOf(variable),
    })),
    domain,
    pinned: (project.lastRollbackTarget ?? null) !== null && project.autoAssignCustomDomains !== true,
  };
}

function fieldsOf(project: ProjectBody): Fields {
  const { link } = project;
  return {
    region: project.serverlessFunctionRegion ?? null,
    nodeVersion: project.nodeVersion ?? null,
    autoAssignDomains: project.autoAssignCustomDomains ?? false,
    framework: project.framework ?? null,
    buildCommand: project.buildCommand ?? null,
    installCommand: project.installCommand ?? null,
    outputDirectory: project.outputDirectory ?? null,
    rootDirectory: project.rootDirectory ?? null,
    gitRepository: link?.repo === undefined ? null : `${link.type ?? 'git'}:${link.org === undefined ? '' : `${link.org}/`}${link.repo}`,
    productionBranch: link?.productionBranch ?? null,
    ignoredBuildStep: project.commandForIgnoringBuildStep ?? null,
    protectionBypass: automationSecrets(project.protectionBypass).length > 0,
  };
}

function automationSecrets(bypasses: ProjectBody['protectionBypass']): readonly string[] {
  return Object.entries(bypasses ?? {}).flatMap(([secret, { scope }]) => (scope === 'automation-bypass' ? [secret] : []));
}

async function writeMarker(api: VercelApi, projectId: string, marker: OwnershipMarker, signal: AbortSignal): Promise<void> {
  const path = apiPath`/v10/projects/${projectId}/env`;
  await api.send({ method: 'POST', path, query: { upsert: true }, json: markerPayload(marker), repeatable: true, signal });
}
