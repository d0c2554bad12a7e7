import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { replayMigrations } from '../branch-migrations.ts';
import { ownerRole } from '../connections.ts';
import type { Parent, Project, ProjectStatus } from '../project.ts';
import { activeProjectOf, projectOf, type ManagementOptions } from './context.ts';
import { body, ManagementError } from './management-error.ts';
import { asManagementError } from './run-query.ts';

const newBranchBody = z.object({
  branch_name: z.string().min(1),
  git_branch: z.string().optional(),
  is_default: z.boolean().optional(),
  persistent: z.boolean().optional(),
  region: z.string().optional(),
  with_data: z.boolean().optional(),
  notify_url: z.url().optional(),
});
const changeBody = z.object({
  branch_name: z.string().min(1).optional(),
  git_branch: z.string().optional(),
  persistent: z.boolean().optional(),
  notify_url: z.url().optional(),
});

type BranchProject = Project & { readonly parent: Parent };

/**
 * Adds branches. A branch is a project of its own: its database begins with the parent's migrations, or with all of the parent's
 * database when it is made with data.
 */
export function addBranches(app: Hono, options: ManagementOptions): void {
  addBranchList(app, options);
  addOneBranch(app, options);
  addMerging(app, options);
}

function branchesOf({ projects }: ManagementOptions, ref: string): readonly BranchProject[] {
  return projects.all().filter((project): project is BranchProject => project.parent?.ref === ref);
}

function addBranchList(app: Hono, options: ManagementOptions): void {
  const { projects } = options;
  app.get('/v1/projects/:ref/branches', (c) => {
    const parent = projectOf(options, c);
    const branches = branchesOf(options, parent.ref);
    // The project itself is its default branch as soon as there are others.
    return c.json(branches.length === 0 ? [] : [mainBranch(parent), ...branches.map(branchAnswer)]);
  });
  app.post('/v1/projects/:ref/branches', async (c) => {
    const parent = activeProjectOf(options, c);
    const wanted = await body(c, newBranchBody);
    if (wanted.branch_name === 'main' || branchesOf(options, parent.ref).some((branch) => branch.name === wanted.branch_name))
      throw new ManagementError(409, `A branch named ${wanted.branch_name} exists already`);
    if (projects.all().length >= options.projectLimit)
      throw new ManagementError(400, `The limit of ${options.projectLimit} projects, branches included, is reached.`);
    const branch = await projects.create({
      name: wanted.branch_name,
      region: wanted.region ?? parent.region,
      password: randomBytes(18).toString('base64url'),
      organization: parent.organization,
      parent: {
        ref: parent.ref,
        withData: wanted.with_data === true,
        id: randomUUID(),
        persistent: wanted.persistent === true,
        gitBranch: wanted.git_branch,
        notifyUrl: wanted.notify_url,
        updatedAt: new Date().toISOString(),
      },
    });
    return c.json(asBranch(branch), 201);
  });
  app.delete('/v1/projects/:ref/branches', async (c) => {
    const { ref } = projectOf(options, c);
    for (const branch of branchesOf(options, ref)) await projects.remove(branch.ref);
    return c.body(null, 200);
  });
  app.get('/v1/projects/:ref/branches/:name', (c) => {
    const parent = projectOf(options, c);
    const name = c.req.param('name');
    const branch = branchesOf(options, parent.ref).find((candidate) => candidate.name === name);
    if (branch !== undefined) return c.json(branchAnswer(branch));
    if (name === 'main') return c.json(mainBranch(parent));
    throw new ManagementError(404, `Branch ${name} not found`);
  });
}

function addOneBranch(app: Hono, options: ManagementOptions): void {
  const { projects, cluster } = options;
  app.get('/v1/branches/:id', (c) => {
    const project = foundBranch(options, c);
    const engine = options.postgresVersion.split('.')[0] ?? '15';
    return c.json({
      ref: project.ref,
      postgres_version: options.postgresVersion,
      postgres_engine: engine,
      release_channel: 'ga',
      status: project.status,
      db_host: '127.0.0.1',
      db_port: cluster.server.port,
      db_user: ownerRole(project.ref),
      db_pass: project.password,
      jwt_secret: project.keys.jwtSecret,
    });
  });
  app.patch('/v1/branches/:id', async (c) => {
    const branch = ownBranch(options, c);
    const wanted = await body(c, changeBody);
    const parent: Parent = {
      ...branch.parent,
      persistent: wanted.persistent ?? branch.parent.persistent,
      gitBranch: wanted.git_branch ?? branch.parent.gitBranch,
      notifyUrl: wanted.notify_url ?? branch.parent.notifyUrl,
      updatedAt: new Date().toISOString(),
    };
    return c.json(asBranch(await projects.change(branch.ref, { name: wanted.branch_name ?? branch.name, parent })));
  });
  app.delete('/v1/branches/:id', async (c) => {
    await projects.remove(ownBranch(options, c).ref);
    return c.json({ message: 'ok' });
  });
}

/** `merge` brings the branch's migrations to its parent, `push` the parent's to the branch. */
function addMerging(app: Hono, options: ManagementOptions): void {
  const replay = async (c: Context, direction: 'up' | 'down') => {
    const branch = ownBranch(options, c);
    const parent = options.projects.get(branch.parent.ref);
    if (parent === undefined) throw new ManagementError(404, `Project ${branch.parent.ref} not found`);
    const [from, to] = direction === 'up' ? [branch, parent] : [parent, branch];
    await replayMigrations(options.cluster, from, to).catch((error: unknown) => {
      throw asManagementError(error);
    });
    return c.json({ workflow_run_id: randomUUID(), message: 'ok' }, 201);
  };
  app.post('/v1/branches/:id/merge', (c) => replay(c, 'up'));
  app.post('/v1/branches/:id/push', (c) => replay(c, 'down'));
}

/** Returns the project of the branch that the path names by its id or ref; a project without branches is its own default branch. */
function foundBranch({ projects }: ManagementOptions, c: Context): Project {
  const id = c.req.param('id') ?? '';
  const found = projects.all().find((project) => project.ref === id || (project.parent?.id ?? mainBranchId(project.ref)) === id);
  if (found === undefined) throw new ManagementError(404, `Branch ${id} not found`);
  return found;
}

function ownBranch(options: ManagementOptions, c: Context): BranchProject {
  const project = foundBranch(options, c);
  if (isBranch(project)) return project;
  throw new ManagementError(422, 'The default branch cannot be changed: it is the project itself');
}

function isBranch(project: Project): project is BranchProject {
  return project.parent !== undefined;
}

const branchStatus: Readonly<Record<ProjectStatus, string>> = {
  COMING_UP: 'CREATING_PROJECT',
  ACTIVE_HEALTHY: 'FUNCTIONS_DEPLOYED',
  PAUSING: 'FUNCTIONS_DEPLOYED',
  INACTIVE: 'FUNCTIONS_DEPLOYED',
  RESTORING: 'FUNCTIONS_DEPLOYED',
  RESTORE_FAILED: 'FUNCTIONS_DEPLOYED',
  GOING_DOWN: 'FUNCTIONS_DEPLOYED',
  INIT_FAILED: 'MIGRATIONS_FAILED',
};

function branchAnswer(project: BranchProject) {
  const { parent } = project;
  return {
    id: parent.id,
    name: project.name,
    project_ref: project.ref,
    parent_project_ref: parent.ref,
    is_default: false,
    git_branch: parent.gitBranch,
    persistent: parent.persistent,
    status: branchStatus[project.status],
    created_at: project.createdAt,
    updated_at: parent.updatedAt,
    with_data: parent.withData,
    notify_url: parent.notifyUrl,
    preview_project_status: project.status,
  };
}

function asBranch(project: Project) {
  return isBranch(project) ? branchAnswer(project) : mainBranch(project);
}

function mainBranch(project: Project) {
  return {
    id: mainBranchId(project.ref),
    name: 'main',
    project_ref: project.ref,
    parent_project_ref: project.ref,
    is_default: true,
    persistent: true,
    status: branchStatus[project.status],
    created_at: project.createdAt,
    updated_at: project.createdAt,
    with_data: true,
    preview_project_status: project.status,
  };
}

/** The default branch's id follows from the project's ref, so that it need not be stored. */
function mainBranchId(ref: string): string {
  const digits = createHash('sha256').update(`main branch of ${ref}`).digest('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
