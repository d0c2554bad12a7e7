import { domainShape } from './domain-ownership.ts';
import type { CustomEnvironment, DeploymentDoc } from './model.ts';
import type { World } from './world.ts';
import { aliasesOf } from './world.ts';

/** The vendor's id of the one user there is. */
export const userId = 'usr_jvlocal';

/** Returns a deployment as it stands inside a project. */
export function briefDeployment(world: World, deployment: DeploymentDoc) {
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
    ...(environment ? { customEnvironment: environmentShape(world, environment) } : {}),
    ...(deployment.gitSource ? { gitSource: deployment.gitSource } : {}),
    ...(deployment.gitMetadata ? { gitMetadata: deployment.gitMetadata } : {}),
    ...(deployment.errorMessage === undefined
      ? {}
      : { errorCode: deployment.errorCode, errorMessage: deployment.errorMessage, errorStep: deployment.errorStep ?? 'deploying' }),
  };
}

/** Returns a deployment as the list endpoints answer it. */
export function listedDeployment(world: World, deployment: DeploymentDoc) {
  const environment = world.environments.get(deployment.customEnvironmentId ?? '');
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
    ...(environment ? { customEnvironment: { id: environment.id, slug: environment.slug } } : {}),
  };
}

/** Returns a custom environment as the vendor answers it. */
export function environmentShape(world: World, environment: CustomEnvironment) {
  const { projectId: _projectId, branchMatcher, ...rest } = environment;
  const domains = world.domains.all().filter((domain) => domain.customEnvironmentId === environment.id);
  const names = domains.map((domain) => domain.name);
  return {
    ...rest,
    type: 'preview',
    ...(branchMatcher ? { branchMatcher } : {}),
    domains: domains.map((domain) => domainShape(domain)),
    currentDeploymentAliases: names.filter((name) => world.aliases.get(name) !== undefined),
  };
}
