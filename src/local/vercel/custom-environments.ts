import { z } from 'zod';
import { notFound, VercelError } from './errors.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import type { CustomEnvironment } from './model.ts';
import { environmentShape } from './deployment-shapes.ts';
import type { World } from './world.ts';
import { newId, projectOf, uniqueTime } from './world.ts';

const branchMatcher = z.object({ type: z.enum(['equals', 'startsWith', 'endsWith']), pattern: z.string() });
const fields = z.looseObject({
  slug: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'up to 32 lower case letters, digits and "-"')
    .optional(),
  description: z.string().max(256).optional(),
  branchMatcher: branchMatcher.nullish(),
  copyEnvVarsFrom: z.string().nullish(),
});

/** Adds a project's custom environments. */
export function addCustomEnvironmentRoutes(app: VercelApp, world: World): void {
  const ofProject = (projectId: string) => world.environments.all().filter((one) => one.projectId === projectId);
  const find = (idOrName: string, slugOrId: string) => {
    const project = projectOf(world, idOrName);
    const found = ofProject(project.id).find((one) => one.id === slugOrId || one.slug === slugOrId);
    if (!found) throw notFound('The custom environment could not be found.');
    return found;
  };

  app.get('/projects/:project/custom-environments', (c) => {
    const environments = ofProject(projectOf(world, c.req.param('project')).id);
    return c.json({ environments: environments.map((one) => environmentShape(world, one)), accountLimit: { total: 12 } });
  });
  app.post('/projects/:project/custom-environments', async (c) => {
    const body = await readBody(c, fields);
    const project = projectOf(world, c.req.param('project'));
    const slug = body.slug ?? 'staging';
    if (['production', 'preview', 'development'].includes(slug) || ofProject(project.id).some((one) => one.slug === slug)) {
      throw new VercelError(409, 'conflict', `The environment "${slug}" already exists.`);
    }
    const now = uniqueTime();
    const environment: CustomEnvironment = {
      id: newId('env_'),
      projectId: project.id,
      slug,
      description: body.description ?? '',
      branchMatcher: body.branchMatcher ?? undefined,
      createdAt: now,
      updatedAt: now,
    };
    await world.environments.put(environment.id, environment);
    if (body.copyEnvVarsFrom) await shareVariables(world, environment, body.copyEnvVarsFrom);
    return c.json(environmentShape(world, environment), 201);
  });
  app.get('/projects/:project/custom-environments/:environment', (c) =>
    c.json(environmentShape(world, find(c.req.param('project'), c.req.param('environment')))),
  );
  app.patch('/projects/:project/custom-environments/:environment', async (c) => {
    const body = await readBody(c, fields);
    const old = find(c.req.param('project'), c.req.param('environment'));
    const environment: CustomEnvironment = {
      ...old,
      slug: body.slug ?? old.slug,
      description: body.description ?? old.description,
      branchMatcher: body.branchMatcher === undefined ? old.branchMatcher : (body.branchMatcher ?? undefined),
      updatedAt: uniqueTime(),
    };
    await world.environments.put(environment.id, environment);
    return c.json(environmentShape(world, environment));
  });
  app.delete('/projects/:project/custom-environments/:environment', async (c) => {
    const body = await readBody(c, z.looseObject({ deleteUnassignedEnvironmentVariables: z.boolean().default(false) }));
    const environment = find(c.req.param('project'), c.req.param('environment'));
    const shape = environmentShape(world, environment);
    await world.environments.delete(environment.id);
    await releaseVariables(world, environment, body.deleteUnassignedEnvironmentVariables);
    return c.json(shape);
  });
}

/** Lets an environment see the variables of another: of a target or of a custom environment, by slug or id. */
async function shareVariables(world: World, environment: CustomEnvironment, from: string): Promise<void> {
  const other = world.environments.all().find((one) => one.projectId === environment.projectId && (one.slug === from || one.id === from));
  const shared = world.env
    .all()
    .filter((variable) => variable.projectId === environment.projectId && !variable.gitBranch)
    .filter((variable) => variable.target.some((target) => target === from) || variable.customEnvironmentIds.includes(other?.id ?? ''));
  for (const variable of shared) {
    await world.env.put(variable.id, { ...variable, customEnvironmentIds: [...variable.customEnvironmentIds, environment.id] });
  }
}

/** Takes variables and domains from an environment that is gone; a variable that nothing else sees stays only where it is wanted. */
async function releaseVariables(world: World, environment: CustomEnvironment, deleteUnassigned: boolean): Promise<void> {
  for (const variable of world.env.all().filter((one) => one.customEnvironmentIds.includes(environment.id))) {
    const left = variable.customEnvironmentIds.filter((id) => id !== environment.id);
    if (deleteUnassigned && left.length === 0 && variable.target.length === 0) await world.env.delete(variable.id);
    else await world.env.put(variable.id, { ...variable, customEnvironmentIds: left });
  }
  for (const domain of world.domains.all().filter((one) => one.customEnvironmentId === environment.id)) {
    await world.domains.put(domain.name, { ...domain, customEnvironmentId: undefined });
  }
}
