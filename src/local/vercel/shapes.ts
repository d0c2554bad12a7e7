import type { AliasDoc, CustomEnvironment, DeploymentDoc, EnvVar, Project, ProjectDomain, Team } from './model.ts';
import type { World } from './world.ts';
import { aliasesOf, currentProduction } from './world.ts';

/** The vendor's id of the one user there is. */
export const userId = 'usr_jvlocal';

/** Returns the user as the vendor answers it: all keys that `AuthUser` of @vercel/sdk 1.28.35 requires (contracts.md §1.4). */
export function userShape(team: Team) {
  return {
    id: userId,
    uid: userId,
    username: 'jvlocal',
    email: 'local@jv-staging.test',
    name: 'JetVision Local',
    avatar: null,
    defaultTeamId: team.id,
    version: 'northstar',
    billing: null,
    createdAt: team.createdAt,
    hasTrialAvailable: false,
    resourceConfig: {},
    softBlock: null,
    stagingPrefix: 'jvlocal',
  };
}

/** Returns the team as the vendor answers it. */
export function teamShape(team: Team) {
  return {
    id: team.id,
    slug: team.slug,
    name: team.name,
    creatorId: userId,
    created: new Date(team.createdAt).toISOString(),
    createdAt: team.createdAt,
    updatedAt: team.createdAt,
    avatar: null,
    description: null,
    stagingPrefix: team.slug,
    billing: { plan: 'pro', period: null, addons: [], cancelation: null, language: null, email: null, platform: 'stripe' },
    membership: {
      confirmed: true,
      role: 'OWNER',
      uid: userId,
      teamId: team.id,
      created: team.createdAt,
      createdAt: team.createdAt,
      confirmedAt: team.createdAt,
      accessRequestedAt: 0,
    },
  };
}

const projectDefaults = {
  framework: null,
  devCommand: null,
  buildCommand: null,
  installCommand: null,
  outputDirectory: null,
  rootDirectory: null,
  directoryListing: false,
  nodeVersion: '24.x',
  live: false,
  deploymentExpiration: {},
  defaultResourceConfig: { functionDefaultRegions: ['iad1'], functionDefaultMemoryType: 'standard', fluid: true },
  resourceConfig: { functionDefaultRegions: ['iad1'], functionDefaultMemoryType: 'standard', fluid: true },
  ssoProtection: null,
  passwordProtection: null,
  autoExposeSystemEnvs: true,
};

/** Returns a project as the vendor answers it; progress of aliases only with `rollbackInfo`, like the vendor. */
export function projectShape(world: World, project: Project) {
  const current = currentProduction(world, project.id);
  const newest = world.deployments
    .all()
    .filter((deployment) => deployment.projectId === project.id)
    .toReversed()
    .slice(0, 5);
  return {
    ...projectDefaults,
    ...project.settings,
    id: project.id,
    name: project.name,
    accountId: world.team.id,
    createdAt: project.createdAt,
    updatedAt: project.updatedAt,
    autoAssignCustomDomains: project.autoAssignCustomDomains,
    autoAssignCustomDomainsUpdatedBy: userId,
    alias: projectAliases(world, project),
    targets: current ? { production: briefDeployment(world, current) } : {},
    latestDeployments: newest.map((deployment) => briefDeployment(world, deployment)),
    link: project.link ? { ...project.link, gitCredentialId: '', sourceless: false, deployHooks: [], createdAt: project.createdAt, updatedAt: project.updatedAt } : null,
    env: [],
    protectionBypass: project.protectionBypass,
    lastAliasRequest: project.lastAliasRequest ?? null,
    lastRollbackTarget: project.lastRollbackTarget ?? null,
  };
}

function projectAliases(world: World, project: Project) {
  const domains = world.domains.all().filter((domain) => domain.projectId === project.id);
  return domains.map((domain) => ({
    domain: domain.name,
    environment: 'production',
    target: 'PRODUCTION',
    createdAt: domain.createdAt,
    deployment: null,
  }));
}

function briefDeployment(world: World, deployment: DeploymentDoc) {
  return {
    id: deployment.id,
    name: deployment.name,
    url: deployment.url,
    createdAt: deployment.createdAt,
    createdIn: 'iad1',
    creator: { uid: userId, username: 'jvlocal', email: 'local@jv-staging.test' },
    deploymentHostname: deployment.url,
    forced: false,
    meta: deployment.meta,
    plan: 'pro',
    private: false,
    readyState: deployment.readyState,
    target: deployment.target === 'production' ? 'production' : null,
    teamId: world.team.id,
    type: 'LAMBDAS',
    userId,
    withCache: false,
    aliasAssigned: deployment.aliasAssigned,
    alias: aliasesOf(world, deployment.id).map((alias) => alias.alias),
  };
}

/** Returns a deployment as `GET /v13/deployments/{id}` answers it. */
export function deploymentShape(world: World, deployment: DeploymentDoc) {
  const project = world.projects.get(deployment.projectId);
  const environment = deployment.customEnvironmentId && world.environments.get(deployment.customEnvironmentId);
  return {
    ...listedDeployment(world, deployment),
    version: 2,
    ownerId: world.team.id,
    status: deployment.readyState,
    alias: aliasesOf(world, deployment.id).map((alias) => alias.alias),
    automaticAliases: [],
    bootedAt: deployment.buildingAt ?? deployment.createdAt,
    buildingAt: deployment.buildingAt ?? deployment.createdAt,
    build: { env: [] },
    env: [],
    builds: [],
    buildSkipped: false,
    createdIn: 'iad1',
    isInConcurrentBuildsQueue: false,
    isInSystemBuildsQueue: false,
    plan: 'pro',
    public: false,
    regions: ['iad1'],
    routes: null,
    projectSettings: { framework: null, ...deployment.projectSettings },
    project: { id: deployment.projectId, name: project?.name ?? deployment.name, framework: null },
    team: { id: world.team.id, slug: world.team.slug, name: world.team.name },
    autoAssignCustomDomains: deployment.autoAssign,
    ...(environment ? { customEnvironment: environmentShape(environment) } : {}),
    ...(deployment.gitMetadata ? { gitMetadata: deployment.gitMetadata } : {}),
    ...(deployment.errorMessage === undefined
      ? {}
      : { errorCode: deployment.errorCode, errorMessage: deployment.errorMessage, errorStep: 'deploying' }),
  };
}

/** Returns a deployment as the list endpoints answer it. */
export function listedDeployment(world: World, deployment: DeploymentDoc) {
  return {
    id: deployment.id,
    uid: deployment.id,
    name: deployment.name,
    projectId: deployment.projectId,
    url: deployment.url,
    created: deployment.createdAt,
    createdAt: deployment.createdAt,
    buildingAt: deployment.buildingAt ?? deployment.createdAt,
    ...(deployment.ready === undefined ? {} : { ready: deployment.ready }),
    state: deployment.readyState,
    readyState: deployment.readyState,
    ...(deployment.readySubstate ? { readySubstate: deployment.readySubstate } : {}),
    type: 'LAMBDAS',
    creator: { uid: userId, username: 'jvlocal', email: 'local@jv-staging.test' },
    inspectorUrl: `https://vercel.com/${world.team.slug}/${deployment.name}/${deployment.id.slice('dpl_'.length)}`,
    meta: deployment.meta,
    target: deployment.target === 'production' ? 'production' : null,
    aliasError: null,
    aliasAssigned: deployment.aliasAssigned,
    isRollbackCandidate: deployment.target === 'production' && deployment.readyState === 'READY',
    source: deployment.source,
  };
}

/** Returns a variable as the vendor answers it: a sensitive value is never told. */
export function envShape(variable: EnvVar) {
  const { projectId: _projectId, value, ...rest } = variable;
  return {
    ...rest,
    value: variable.type === 'sensitive' ? '' : value,
    configurationId: null,
    createdBy: userId,
    updatedBy: null,
    decrypted: variable.type !== 'sensitive',
    securityIssues: [],
  };
}

/** Returns a custom environment as the vendor answers it. */
export function environmentShape(environment: CustomEnvironment) {
  const { projectId: _projectId, ...rest } = environment;
  return { ...rest, type: 'preview', branchMatcher: environment.branchMatcher ?? null, domains: [], currentDeploymentAliases: [] };
}

/** Returns a project domain as the vendor answers it. */
export function domainShape(domain: ProjectDomain) {
  return {
    name: domain.name,
    apexName: domain.name.split('.').slice(-2).join('.'),
    projectId: domain.projectId,
    redirect: domain.redirect ?? null,
    redirectStatusCode: domain.redirectStatusCode ?? null,
    gitBranch: domain.gitBranch ?? null,
    customEnvironmentId: domain.customEnvironmentId ?? null,
    createdAt: domain.createdAt,
    updatedAt: domain.updatedAt,
    verified: domain.verified,
  };
}

/** Returns an alias as the vendor lists it. */
export function aliasShape(world: World, alias: AliasDoc) {
  const deployment = world.deployments.get(alias.deploymentId);
  return {
    uid: alias.uid,
    alias: alias.alias,
    created: new Date(alias.createdAt).toISOString(),
    createdAt: alias.createdAt,
    updatedAt: alias.createdAt,
    deletedAt: null,
    creator: { uid: userId, username: 'jvlocal', email: 'local@jv-staging.test' },
    deploymentId: alias.deploymentId,
    deployment: { id: alias.deploymentId, url: deployment?.url ?? '', meta: '{}' },
    projectId: alias.projectId,
    redirect: null,
    redirectStatusCode: null,
  };
}

/** Returns a page of a list, newest first, by the vendor's `limit`, `since` and `until` (milliseconds since 1970). */
export function page<Item extends { readonly createdAt: number }>(
  items: readonly Item[],
  query: { readonly limit?: string | undefined; readonly since?: string | undefined; readonly until?: string | undefined },
  defaultLimit = 20,
) {
  const limit = Math.min(Math.max(Number(query.limit ?? defaultLimit) || defaultLimit, 1), 100);
  const until = query.until === undefined ? Infinity : Number(query.until);
  const since = query.since === undefined ? -Infinity : Number(query.since);
  const matching = items.filter((item) => item.createdAt < until && item.createdAt > since);
  const newestFirst = matching.map((item, index) => ({ item, index }));
  newestFirst.sort((left, right) => right.item.createdAt - left.item.createdAt || right.index - left.index);
  const shown = newestFirst.slice(0, limit).map(({ item }) => item);
  const last = shown.at(-1);
  const first = shown[0];
  const more = last !== undefined && newestFirst.length > limit;
  return {
    items: shown,
    pagination: { count: shown.length, next: more ? last.createdAt : null, prev: first ? first.createdAt : null },
  };
}
