import { createHash } from 'node:crypto';
import { z } from 'zod';
import { badRequest, notFound, VercelError } from './errors.ts';
import { variablesFor } from './env-writes.ts';
import type { GitSource } from './git-source.ts';
import { gitSourceOf } from './git-source.ts';
import type { CustomEnvironment, DeploymentDoc, DeploymentFile, DeploymentSource, Project, ProjectDomain } from './model.ts';
import type { World } from './world.ts';
import { deploymentOf, newId, projectOf, uniqueTime } from './world.ts';

const stringMap = z.record(z.string(), z.coerce.string());
const file = z.looseObject({
  file: z.string(),
  sha: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  size: z.number().int().nonnegative().optional(),
  mode: z.number().int().optional(),
  data: z.string().optional(),
  encoding: z.enum(['utf-8', 'base64']).optional(),
});

/** The body of `POST /v13/deployments`. */
export const deploymentBody = z.looseObject({
  name: z.string().optional(),
  project: z.string().optional(),
  files: z.array(file).optional(),
  target: z.string().nullish(),
  customEnvironmentSlugOrId: z.string().nullish(),
  deploymentId: z.string().optional(),
  meta: stringMap.optional(),
  gitMetadata: z.looseObject({}).nullish(),
  gitSource: z.looseObject({}).nullish(),
  withLatestCommit: z.boolean().optional(),
  build: z.looseObject({ env: stringMap.optional() }).nullish(),
  projectSettings: z.looseObject({}).nullish(),
  env: stringMap.optional(),
  autoAssignCustomDomains: z.boolean().optional(),
  source: z.string().optional(),
});
type Body = z.output<typeof deploymentBody>;

/** Creates a deployment, queued and durable. Throws the vendor's errors, among them `missing_files`. */
export async function createDeployment(world: World, body: Body, skipDomain: boolean): Promise<DeploymentDoc> {
  const original = body.deploymentId === undefined ? undefined : deploymentOf(world, body.deploymentId);
  const project = projectOf(world, body.project ?? original?.projectId ?? body.name ?? '');
  const git = await gitOf(world, project, body, original);
  const files = git?.files ?? (original ? sourceOf(world, original).files : await filesOf(world, body));
  const { target, environment } = targetOf(world, project, body, original);
  const meta = { ...original?.meta, ...git?.meta, ...body.meta };
  const autoAssign = target === 'production' && body.autoAssignCustomDomains !== false && !skipDomain;
  if (target === 'production') await claimOwnDomain(world, project);
  const id = newId('dpl_');
  const deployment: DeploymentDoc = {
    id,
    projectId: project.id,
    name: project.name,
    url: hostOf(world, project, id),
    target,
    customEnvironmentId: environment?.id,
    readyState: 'QUEUED',
    aliasAssigned: false,
    autoAssign,
    meta,
    gitMetadata: git?.gitMetadata ?? body.gitMetadata ?? original?.gitMetadata,
    gitSource: git?.gitSource ?? original?.gitSource,
    projectSettings: body.projectSettings ?? original?.projectSettings ?? {},
    source: body.source ?? (original ? 'redeploy' : 'api-trigger-git-deploy'),
    createdAt: uniqueTime(),
  };
  const variables = variablesFor(world, project.id, { target, customEnvironmentId: environment?.id, gitBranch: branchOf(deployment) });
  const system = systemVariables(project, deployment, environment);
  // No NODE_ENV while it is built: npm would leave out what the build itself needs.
  const { NODE_ENV: _nodeEnv, ...ofBuild } = system;
  const buildEnv = { ...variables, ...body.build?.env, ...ofBuild };
  await world.sources.put(id, { files, env: { ...variables, ...body.env, ...system }, buildEnv });
  await world.deployments.put(id, deployment);
  return deployment;
}

/** Returns what a deployment is made from. */
export function sourceOf(world: World, deployment: DeploymentDoc): DeploymentSource {
  const source = world.sources.get(deployment.id);
  if (!source) throw notFound('The files of the deployment could not be found.');
  return source;
}

/** Returns the git branch that a deployment says it was made from, if any. */
export function branchOf(deployment: DeploymentDoc): string | undefined {
  const ref = deployment.gitMetadata?.['commitRef'] ?? deployment.meta['githubCommitRef'];
  return typeof ref === 'string' && ref !== '' ? ref : undefined;
}

/** Variables that Vercel sets itself (vercel.com/docs/environment-variables/system-environment-variables). */
function systemVariables(project: Project, deployment: DeploymentDoc, environment: CustomEnvironment | undefined): Record<string, string> {
  const git = deployment.gitMetadata ?? {};
  const sha = git['commitSha'] ?? deployment.meta['githubCommitSha'];
  const [bypass] = Object.keys(project.protectionBypass);
  return {
    VERCEL: '1',
    VERCEL_ENV: deployment.target,
    VERCEL_TARGET_ENV: environment?.slug ?? deployment.target,
    VERCEL_URL: deployment.url,
    VERCEL_DEPLOYMENT_ID: deployment.id,
    VERCEL_PROJECT_ID: deployment.projectId,
    VERCEL_PROJECT_PRODUCTION_URL: `${project.name}.vercel.app`,
    VERCEL_REGION: 'iad1',
    VERCEL_GIT_COMMIT_SHA: typeof sha === 'string' ? sha : '',
    VERCEL_GIT_COMMIT_REF: branchOf(deployment) ?? '',
    VERCEL_GIT_COMMIT_MESSAGE: typeof git['commitMessage'] === 'string' ? git['commitMessage'] : '',
    NODE_ENV: 'production',
    ...(bypass ? { VERCEL_AUTOMATION_BYPASS_SECRET: bypass } : {}),
  };
}

function targetOf(
  world: World,
  project: Project,
  body: Body,
  original: DeploymentDoc | undefined,
): { readonly target: 'production' | 'preview'; readonly environment: CustomEnvironment | undefined } {
  const asked = body.customEnvironmentSlugOrId ?? body.target ?? undefined;
  if (asked === undefined && original) {
    return { target: original.target, environment: world.environments.get(original.customEnvironmentId ?? '') };
  }
  if (asked === undefined || asked === 'preview') return { target: 'preview', environment: undefined };
  if (asked === 'production') return { target: 'production', environment: undefined };
  const ofProject = world.environments.all().filter((one) => one.projectId === project.id);
  const environment = ofProject.find((one) => one.slug === asked || one.id === asked);
  // `target: "staging"` is the vendor's old word for a deployment that is not assigned; without such an environment it is a preview.
  if (!environment && asked !== 'staging') throw badRequest(`The environment "${asked}" does not exist.`);
  return { target: 'preview', environment };
}

/** Returns the commit that a deployment is made from: the one that the body names, or for `withLatestCommit` its branch's newest. */
async function gitOf(world: World, project: Project, body: Body, original: DeploymentDoc | undefined): Promise<GitSource | undefined> {
  if (body.gitSource) {
    if (body.files?.length) throw badRequest('`gitSource` and `files` cannot be used together.');
    return await gitSourceOf(world, project, body.gitSource);
  }
  if (!body.withLatestCommit || !original?.gitSource) return undefined;
  return await gitSourceOf(world, project, { ...original.gitSource, sha: undefined });
}

async function filesOf(world: World, body: Body): Promise<DeploymentFile[]> {
  if (!body.files?.length) throw badRequest('`files` is missing or empty.');
  for (const { file: path } of body.files) checkPath(path);
  if (new Set(body.files.map((one) => one.file)).size !== body.files.length) throw badRequest('`files` names a file twice.');
  const files = await Promise.all(body.files.map((one) => fileOf(world, one)));
  const missing = files.filter((one) => !world.blobs.has(one.sha)).map((one) => one.sha);
  if (missing.length > 0) throw new VercelError(400, 'missing_files', 'Missing files', { missing: [...new Set(missing)] });
  const wrong = files.find((one) => one.size !== world.blobs.size(one.sha));
  if (wrong) throw badRequest(`The file "${wrong.file}" has ${world.blobs.size(wrong.sha)} bytes, not ${wrong.size}.`);
  return files;
}

async function fileOf(world: World, sent: z.output<typeof file>): Promise<DeploymentFile> {
  const mode = sent.mode ?? 0o100644;
  if (sent.data !== undefined) {
    const content = Buffer.from(sent.data, sent.encoding === 'base64' ? 'base64' : 'utf8');
    return { file: sent.file, sha: await world.blobs.add(content), size: content.length, mode };
  }
  if (!sent.sha) throw badRequest(`The file "${sent.file}" has neither \`sha\` nor \`data\`.`);
  return { file: sent.file, sha: sent.sha, size: sent.size ?? world.blobs.size(sent.sha) ?? 0, mode };
}

function checkPath(path: string): void {
  const parts = path.split('/');
  const bad =
    path === '' || path.startsWith('/') || /[\\\0]/.test(path) || parts.some((part) => part === '..' || part === '.' || part === '');
  if (bad || path.length > 1024) throw badRequest(`Invalid file path: ${JSON.stringify(path.slice(0, 200))}.`);
}

/** A project's first production deployment brings the domain `<name>.vercel.app`, unless somebody has it. */
async function claimOwnDomain(world: World, project: Project): Promise<void> {
  const name = `${project.name.replaceAll(/[._]/g, '-')}.vercel.app`;
  if (world.domains.get(name)) return;
  const now = uniqueTime();
  const domain: ProjectDomain = { name, projectId: project.id, verified: true, createdAt: now, updatedAt: now };
  await world.domains.put(name, domain);
}

function hostOf(world: World, project: Project, id: string): string {
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 9);
  const name = project.name.replaceAll(/[._]/g, '-').slice(0, 63 - hash.length - world.team.slug.length - 2);
  return `${name}-${hash}-${world.team.slug}.vercel.app`.toLowerCase();
}
