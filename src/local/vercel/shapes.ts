import type { AliasDoc, EnvVar, Project, ProjectLink, Team } from './model.ts';
import type { World } from './world.ts';
import { briefDeployment, userId } from './deployment-shapes.ts';
import { currentProduction } from './world.ts';

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
    ...(project.link ? { link: linkShape(project, project.link) } : {}),
    env: [],
    protectionBypass: project.protectionBypass,
    lastAliasRequest: project.lastAliasRequest ?? null,
    lastRollbackTarget: project.lastRollbackTarget ?? null,
  };
}

/**
 * A project that is not connected to a repository has no `link` at all. The folder that stands for the repository is not the
 * vendor's to show.
 */
function linkShape({ createdAt, updatedAt }: Project, { remote: _remote, ...link }: ProjectLink) {
  return { ...link, gitCredentialId: '', sourceless: false, deployHooks: [], createdAt, updatedAt };
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
