import { StagingError } from '../../src/core/errors.ts';
import type {
  Deployment,
  Deployments,
  DomainMoves,
  HostingDomain,
  HostingProject,
  HostingProjects,
  HostingVariable,
} from '../../src/core/ports/hosting.ts';
import type { OwnershipMarker } from '../../src/core/plan/marker.ts';
import type { Fields } from '../../src/core/plan/model.ts';
import type { DatedVariable, DnsRecord, ManagedHosting } from '../../src/core/ports/managed.ts';

/** How the fake platform behaves. */
export interface FakeHostingOptions {
  /** Says whether a folder is a build output; by default every one is. */
  readonly hasOutput?: (dir: string) => boolean;
  /** States that a new deployment goes through, one a look at it; the last one stays. */
  readonly states?: readonly Deployment['state'][];
}

/** A hosting platform in memory: what one of its ports changes, the others see. */
export interface FakeHosting {
  readonly projects: HostingProjects;
  readonly deployments: Deployments;
  readonly moves: DomainMoves;
  readonly managed: ManagedHosting;
  /** What the platform holds beside names and ids, for tests that change it "by hand". */
  readonly world: Pick<World, 'settings' | 'markers' | 'variables' | 'domains' | 'projects' | 'dns'>;
  /** Names of the calls that changed something, in order. */
  readonly changes: string[];
}

interface World {
  readonly projects: Map<string, HostingProject>;
  readonly settings: Map<string, Fields>;
  readonly markers: Map<string, OwnershipMarker | 'damaged' | 'newer'>;
  readonly dns: { record: DnsRecord | undefined; ticks: number };
  readonly variables: Map<string, Map<string, DatedVariable>>;
  /** What can be read back, by project. */
  readonly values: Map<string, Map<string, string>>;
  readonly domains: Map<string, { readonly projectId: string; live: string | undefined }>;
  readonly deployments: Map<string, { readonly projectId: string; readonly deployment: Deployment; looks: number }>;
  readonly uploaded: Set<string>;
  readonly changes: string[];
}

/** Returns a hosting platform in memory. */
export function fakeHosting(options: FakeHostingOptions = {}): FakeHosting {
  const world: World = {
    projects: new Map(),
    settings: new Map(),
    markers: new Map(),
    dns: { record: undefined, ticks: 0 },
    variables: new Map(),
    values: new Map(),
    domains: new Map(),
    deployments: new Map(),
    uploaded: new Set(),
    changes: [],
  };
  return {
    projects: fakeProjects(world),
    deployments: fakeDeployments(world, options),
    moves: fakeMoves(world),
    managed: fakeManaged(world),
    world,
    changes: world.changes,
  };
}

/** Everything here was made after any announcement. */
const createdAtMs = Date.UTC(2100, 0, 1);

function fakeManaged(world: World): ManagedHosting {
  return {
    read: async ({ name, domain, production }) => {
      const found = [...world.projects.values()].find((project) => project.name === name);
      const theirs = [...world.projects.values()].find((project) => production.includes(project.name));
      const region = theirs === undefined ? undefined : world.settings.get(theirs.id)?.['region'];
      const answer = { dns: world.dns.record, productionRegion: typeof region === 'string' ? region : undefined };
      if (found === undefined) return { ...answer, project: undefined };
      return {
        ...answer,
        project: {
          resource: found,
          createdAtMs,
          fields: { ...world.settings.get(found.id), autoAssignDomains: found.autoAssignDomains },
          marker: world.markers.get(found.id) ?? null,
          variables: [...(world.variables.get(found.id)?.values() ?? [])],
          domain: world.domains.get(domain)?.projectId === found.id ? verified(domain) : undefined,
          pinned: !found.autoAssignDomains && world.changes.some((change) => change.startsWith('roll back')),
        },
      };
    },
    change: async (projectId, fields) => {
      const { autoAssignDomains, ...settings } = fields;
      const project = projectOf(world, projectId);
      if (typeof autoAssignDomains === 'boolean') world.projects.set(projectId, { ...project, autoAssignDomains });
      world.settings.set(projectId, { ...world.settings.get(projectId), ...settings });
      world.changes.push(`set ${Object.keys(fields).join(', ')} of project`);
    },
    writeMarker: async (projectId, marker) => {
      world.markers.set(projectOf(world, projectId).id, marker);
      world.changes.push('write marker');
    },
    remove: async (projectId) => {
      world.projects.delete(projectId);
      world.markers.delete(projectId);
      world.changes.push(`remove project ${projectId}`);
    },
    bypassSecret: async (projectId) =>
      world.settings.get(projectId)?.['protectionBypass'] === true ? 'bypass-secret-of-the-project' : undefined,
  };
}

function datedVariable(world: World, { name, fingerprint }: HostingVariable): DatedVariable {
  world.dns.ticks += 1;
  return { name, fingerprint, updatedAtMs: world.dns.ticks, writtenAtMs: world.dns.ticks };
}

function fakeProjects(world: World): HostingProjects {
  return {
    find: async (name) => [...world.projects.values()].find((project) => project.name === name),
    create: async ({ name, region, nodeVersion, marker }) => {
      if ([...world.projects.values()].some((project) => project.name === name))
        throw new StagingError('refused', 'VERCEL_NAME_TAKEN', `Vercel has a project ${name} already.`);
      const project = { id: `prj_${world.projects.size + 1}`, name, autoAssignDomains: true };
      world.projects.set(project.id, project);
      world.settings.set(project.id, { region, nodeVersion });
      if (marker !== undefined) world.markers.set(project.id, marker);
      world.changes.push(`create project ${name}`);
      return project;
    },
    setVariables: async (projectId, variables) => {
      const held = world.variables.get(projectOf(world, projectId).id) ?? new Map<string, DatedVariable>();
      const values = world.values.get(projectId) ?? new Map<string, string>();
      for (const variable of variables) {
        held.set(variable.name, datedVariable(world, variable));
        if (variable.class === 'public') values.set(variable.name, variable.value);
      }
      world.values.set(projectId, values);
      world.variables.set(projectId, held);
      if (variables.length > 0) world.changes.push(`set ${variables.length} variables`);
      return variables.map((variable) => variable.name);
    },
    readableValues: async (projectId) => Object.fromEntries(world.values.get(projectOf(world, projectId).id) ?? []),
    variables: async (projectId) =>
      [...(world.variables.get(projectOf(world, projectId).id)?.values() ?? [])].map(({ name, fingerprint, updatedAtMs }) => ({
        name,
        fingerprint,
        updatedAtMs,
      })),
    findDomain: async (projectId, domain) => (world.domains.get(domain)?.projectId === projectId ? verified(domain) : undefined),
    addDomain: async (projectId, domain) => {
      if (world.domains.has(domain)) throw refused(`Cannot add ${domain}: it is in use`);
      world.domains.set(domain, { projectId: projectOf(world, projectId).id, live: undefined });
      world.changes.push(`add domain ${domain}`);
      return verified(domain);
    },
    setAutoAssignDomains: async (projectId, on) => {
      world.projects.set(projectId, { ...projectOf(world, projectId), autoAssignDomains: on });
      world.changes.push(`auto-assign ${on ? 'on' : 'off'}`);
    },
  };
}

function fakeDeployments(world: World, options: FakeHostingOptions): Deployments {
  const states = options.states ?? ['queued', 'building', 'ready'];
  const look = (id: string): Deployment => {
    const found = world.deployments.get(id);
    if (found === undefined) throw refused('The deployment could not be found');
    const state = states[Math.min(found.looks, states.length - 1)] ?? 'ready';
    return { ...found.deployment, state, ...(state === 'error' ? { failure: 'The build failed.' } : {}) };
  };
  return {
    create: async ({ projectId, projectName, outputDir, meta }, onProgress) => {
      if (options.hasOutput?.(outputDir) === false)
        throw new StagingError('missing', 'DEPLOY_OUTPUT_MISSING', `There is no build output in ${outputDir}.`);
      const filesToSend = world.uploaded.has(outputDir) ? 0 : 1;
      world.uploaded.add(outputDir);
      onProgress({ files: 1, filesToSend, sent: filesToSend, bytesToSend: filesToSend * 100 });
      const number = world.deployments.size + 1;
      const deployment: Deployment = {
        id: `dpl_${number}`,
        url: `https://${projectName}-${number}.vercel.app`,
        state: 'queued',
        createdAt: new Date(Date.UTC(2026, 10, 22, 0, 0, number)).toISOString(),
        meta,
      };
      world.deployments.set(deployment.id, { projectId: projectOf(world, projectId).id, deployment, looks: 0 });
      world.changes.push(`create deployment ${deployment.id}`);
      return deployment;
    },
    get: async (id) => {
      const seen = look(id);
      const stored = world.deployments.get(id);
      if (stored !== undefined) stored.looks += 1;
      return seen;
    },
    find: async (id) => {
      const stored = world.deployments.get(id);
      if (stored === undefined) return undefined;
      const seen = look(id);
      stored.looks += 1;
      return seen;
    },
    live: async (projectId, domain) => {
      const found = world.domains.get(domain);
      return found?.projectId !== projectId || found.live === undefined ? undefined : look(found.live);
    },
    findByMeta: async (projectId, meta) =>
      [...world.deployments.values()]
        .filter(
          (each) => each.projectId === projectId && Object.entries(meta).every(([name, value]) => each.deployment.meta[name] === value),
        )
        .map((each) => look(each.deployment.id))
        .toReversed(),
  };
}

function fakeMoves(world: World): DomainMoves {
  const move = (projectId: string, deploymentId: string) => {
    projectOf(world, projectId);
    if (world.deployments.get(deploymentId)?.projectId !== projectId) throw refused('The deployment could not be found');
    for (const domain of world.domains.values()) if (domain.projectId === projectId) domain.live = deploymentId;
  };
  return {
    promote: async (projectId, deploymentId) => {
      move(projectId, deploymentId);
      world.changes.push(`promote ${deploymentId}`);
    },
    rollback: async (projectId, deploymentId) => {
      move(projectId, deploymentId);
      world.projects.set(projectId, { ...projectOf(world, projectId), autoAssignDomains: false });
      world.changes.push(`roll back to ${deploymentId}`);
    },
  };
}

function projectOf(world: World, id: string): HostingProject {
  const project = world.projects.get(id);
  if (project === undefined) throw refused('Project not found');
  return project;
}

function verified(name: string): HostingDomain {
  return { name, verified: true };
}

function refused(message: string): StagingError {
  return new StagingError('vendor', 'VERCEL_REQUEST_FAILED', `Vercel refused: ${message}.`);
}
