import { randomBytes } from 'node:crypto';
import type { Collection } from '../store.ts';
import { openCollection } from '../store.ts';
import type { BlobStore } from './blobs.ts';
import { notFound } from './errors.ts';
import type {
  AccountDomain,
  AliasDoc,
  CustomEnvironment,
  DeploymentDoc,
  DeploymentOutput,
  DeploymentSource,
  DnsRecord,
  EnvVar,
  Project,
  ProjectDomain,
  Team,
} from './model.ts';

/** Everything that the emulated vendor remembers. */
export interface World {
  readonly team: Team;
  readonly token: string;
  readonly projects: Collection<Project>;
  readonly env: Collection<EnvVar>;
  readonly environments: Collection<CustomEnvironment>;
  readonly domains: Collection<ProjectDomain>;
  readonly accountDomains: Collection<AccountDomain>;
  readonly dnsRecords: Collection<DnsRecord>;
  readonly deployments: Collection<DeploymentDoc>;
  readonly sources: Collection<DeploymentSource>;
  readonly outputs: Collection<DeploymentOutput>;
  readonly aliases: Collection<AliasDoc>;
  readonly blobs: BlobStore;
}

/** Opens the vendor's memory below `dir`. */
export async function openWorld(dir: string, team: Team, token: string, blobs: BlobStore): Promise<World> {
  return {
    team,
    token,
    blobs,
    projects: await openCollection(dir, 'projects'),
    env: await openCollection(dir, 'env'),
    environments: await openCollection(dir, 'environments'),
    domains: await openCollection(dir, 'domains'),
    accountDomains: await openCollection(dir, 'account-domains'),
    dnsRecords: await openCollection(dir, 'dns-records'),
    deployments: await openCollection(dir, 'deployments'),
    sources: await openCollection(dir, 'sources'),
    outputs: await openCollection(dir, 'outputs'),
    aliases: await openCollection(dir, 'aliases'),
  };
}

/** Returns the project of this id or name. Throws the vendor's 404. */
export function projectOf(world: World, idOrName: string): Project {
  const found = world.projects.get(idOrName) ?? world.projects.all().find((project) => project.name === idOrName);
  if (!found) throw notFound('Project not found.');
  return found;
}

/** Returns the deployment of this id, host name or address. Throws the vendor's 404. */
export function deploymentOf(world: World, idOrUrl: string): DeploymentDoc {
  const host = idOrUrl.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  const byId = world.deployments.get(host) ?? world.deployments.get(`dpl_${host}`);
  const found = byId ?? world.deployments.all().find((deployment) => deployment.url === host) ?? aliasTarget(world, host);
  if (!found) throw notFound('The deployment could not be found.');
  return found;
}

function aliasTarget(world: World, host: string): DeploymentDoc | undefined {
  const alias = world.aliases.get(host);
  return alias && world.deployments.get(alias.deploymentId);
}

/** Returns the aliases that point to a deployment. */
export function aliasesOf(world: World, deploymentId: string): AliasDoc[] {
  return world.aliases.all().filter((alias) => alias.deploymentId === deploymentId);
}

/** Returns the domains that production deployments of a project take: those without branch, environment and redirect. */
export function productionDomains(world: World, projectId: string): string[] {
  return world.domains
    .all()
    .filter((domain) => domain.projectId === projectId && domain.verified)
    .filter((domain) => !domain.gitBranch && !domain.customEnvironmentId && !domain.redirect)
    .map((domain) => domain.name);
}

/** Returns the deployment that production domains point to now, if any. */
export function currentProduction(world: World, projectId: string): DeploymentDoc | undefined {
  for (const name of productionDomains(world, projectId)) {
    const target = aliasTarget(world, name);
    if (target) return target;
  }
  return undefined;
}

/** Points a host name at a deployment, in one step; returns the alias and what it pointed to before. */
export async function assignAlias(
  world: World,
  alias: string,
  deployment: DeploymentDoc,
): Promise<{ readonly alias: AliasDoc; readonly oldDeploymentId: string | undefined }> {
  const old = world.aliases.get(alias);
  const doc: AliasDoc = {
    uid: old?.uid ?? newId('', 24),
    alias,
    deploymentId: deployment.id,
    projectId: deployment.projectId,
    createdAt: uniqueTime(),
  };
  await world.aliases.put(alias, doc);
  return { alias: doc, oldDeploymentId: old?.deploymentId };
}

let lastTime = 0;

/** Returns milliseconds since 1970, never the same twice: lists are paged by them. */
export function uniqueTime(): number {
  lastTime = Math.max(lastTime + 1, Date.now());
  return lastTime;
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Returns a new id of the vendor's kind: a prefix and `length` letters and digits. */
export function newId(prefix: string, length = 28): string {
  const letters = [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]);
  return `${prefix}${letters.join('')}`;
}
