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
    return c.json({ environments: environments.map(environmentShape), accountLimit: { total: 12 } });
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
    return c.json(environmentShape(environment), 201);
  });
  app.get('/projects/:project/custom-environments/:environment', (c) =>
    c.json(environmentShape(find(c.req.param('project'), c.req.param('environment')))),
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
    return c.json(environmentShape(environment));
  });
  app.delete('/projects/:project/custom-environments/:environment', async (c) => {
    const environment = find(c.req.param('project'), c.req.param('environment'));
    await world.environments.delete(environment.id);
    return c.json(environmentShape(environment));
  });
}
