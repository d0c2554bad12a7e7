import { z } from 'zod';
import { badRequest, VercelError } from './errors.ts';
import { linkBody, linkOf } from './git-source.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import type { Project } from './model.ts';
import { writeVariables, newVariable } from './env-writes.ts';
import { page } from './paging.ts';
import { wallSettings } from './protection.ts';
import { projectShape } from './shapes.ts';
import type { World } from './world.ts';
import { newId, projectOf, uniqueTime } from './world.ts';

/** Vercel: up to 100 characters, lower case, digits, `.`, `_`, `-`, without `---` (vercel.com/docs, API reference of createProject). */
const nameRule = z
  .string()
  .max(100)
  .regex(/^(?!.*---)[a-z0-9][a-z0-9._-]*$/, 'up to 100 lower case letters, digits, ".", "_" and "-", without "---"');

const settings = z.looseObject({
  autoAssignCustomDomains: z.boolean().optional(),
  environmentVariables: z.array(newVariable).optional(),
  ...wallSettings.shape,
});

/** Fields of a project that a client cannot set. */
const ownFields = new Set([
  'id',
  'accountId',
  'createdAt',
  'updatedAt',
  'name',
  'link',
  'env',
  'alias',
  'targets',
  'environmentVariables',
  'gitRepository',
  'autoAssignCustomDomains',
  'latestDeployments',
  'protectionBypass',
  'lastAliasRequest',
  'lastRollbackTarget',
]);

/** Adds projects: create, list, read, change, delete. */
export function addProjectRoutes(app: VercelApp, world: World, onDeleted: (project: Project) => Promise<void>): void {
  app.post('/projects', async (c) => {
    const body = await readBody(c, settings.extend({ name: nameRule }));
    if (world.projects.all().some((project) => project.name === body.name)) {
      throw new VercelError(409, 'conflict', `Project "${body.name}" already exists, please use a new name.`);
    }
    const now = uniqueTime();
    const project: Project = {
      id: newId('prj_'),
      name: body.name,
      createdAt: now,
      updatedAt: now,
      autoAssignCustomDomains: body.autoAssignCustomDomains ?? true,
      settings: settingsOf(body),
      protectionBypass: {},
    };
    await world.projects.put(project.id, project);
    await writeVariables(world, project.id, body.environmentVariables ?? [], true);
    return c.json(projectShape(world, project));
  });

  app.get('/projects', (c) => {
    const { search } = c.req.query();
    const all = world.projects.all().filter((project) => !search || project.name.includes(search));
    const { items, pagination } = page(all, { ...c.req.query(), until: c.req.query('until') ?? c.req.query('from') });
    return c.json({ projects: items.map((project) => projectShape(world, project)), pagination });
  });

  app.get('/projects/:project', (c) => c.json(projectShape(world, projectOf(world, c.req.param('project')))));

  app.patch('/projects/:project', async (c) => {
    const body = await readBody(c, settings.extend({ name: nameRule.optional() }));
    const project = projectOf(world, c.req.param('project'));
    const taken = world.projects.all().find((other) => other.name === body.name);
    if (taken && taken.id !== project.id) throw new VercelError(409, 'conflict', `Project "${taken.name}" already exists.`);
    return c.json(projectShape(world, await changeProject(world, project, body)));
  });

  app.delete('/projects/:project', async (c) => {
    await deleteProject(world, projectOf(world, c.req.param('project')), onDeleted);
    return c.body(null, 204);
  });

  addLinkRoutes(app, world);
}

function addLinkRoutes(app: VercelApp, world: World): void {
  app.post('/projects/:project/link', async (c) => {
    const body = await readBody(c, linkBody);
    const project = projectOf(world, c.req.param('project'));
    const changed: Project = { ...project, link: linkOf(body, project.link), updatedAt: uniqueTime() };
    await world.projects.put(project.id, changed);
    return c.json(projectShape(world, changed));
  });

  app.delete('/projects/:project/link', async (c) => {
    const { link: _link, ...project } = projectOf(world, c.req.param('project'));
    const changed: Project = { ...project, updatedAt: uniqueTime() };
    await world.projects.put(project.id, changed);
    return c.json(projectShape(world, changed));
  });

  app.patch('/projects/:project/branch', async (c) => {
    const { branch } = await readBody(c, z.looseObject({ branch: z.string().min(1) }));
    const project = projectOf(world, c.req.param('project'));
    if (!project.link) throw badRequest('The project is not connected to a git repository.');
    const changed: Project = { ...project, link: { ...project.link, productionBranch: branch }, updatedAt: uniqueTime() };
    await world.projects.put(project.id, changed);
    return c.json(projectShape(world, changed));
  });
}

async function changeProject(
  world: World,
  project: Project,
  body: Readonly<Record<string, unknown>> & { readonly name?: string | undefined; readonly autoAssignCustomDomains?: boolean | undefined },
): Promise<Project> {
  const autoAssign = body.autoAssignCustomDomains ?? project.autoAssignCustomDomains;
  const changed: Project = {
    ...project,
    name: body.name ?? project.name,
    updatedAt: uniqueTime(),
    autoAssignCustomDomains: autoAssign,
    lastRollbackTarget: autoAssign ? undefined : project.lastRollbackTarget,
    settings: { ...project.settings, ...settingsOf(body) },
  };
  await world.projects.put(project.id, changed);
  return changed;
}

async function deleteProject(world: World, project: Project, onDeleted: (project: Project) => Promise<void>): Promise<void> {
  const ours = (item: { readonly projectId: string }) => item.projectId === project.id;
  for (const alias of world.aliases.all().filter(ours)) await world.aliases.delete(alias.alias);
  await onDeleted(project);
  for (const deployment of world.deployments.all().filter(ours)) {
    await world.deployments.delete(deployment.id);
    await world.sources.delete(deployment.id);
    await world.outputs.delete(deployment.id);
  }
  for (const domain of world.domains.all().filter(ours)) await world.domains.delete(domain.name);
  for (const variable of world.env.all().filter(ours)) await world.env.delete(variable.id);
  for (const environment of world.environments.all().filter(ours)) await world.environments.delete(environment.id);
  await world.projects.delete(project.id);
}

function settingsOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([key, value]) => !ownFields.has(key) && value !== undefined));
}
