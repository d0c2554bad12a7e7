import { z } from 'zod';
import { badRequest, notFound, VercelError } from './errors.ts';
import { newVariable, variablesFor, writeVariables } from './env-writes.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import type { EnvVar, Target } from './model.ts';
import { envShape } from './shapes.ts';
import type { World } from './world.ts';
import { projectOf, uniqueTime } from './world.ts';

const oneOrMany = z.union([z.array(newVariable), newVariable]);
const change = z.looseObject({
  key: newVariable.shape.key.optional(),
  value: newVariable.shape.value.optional(),
  type: z.enum(['system', 'secret', 'encrypted', 'plain', 'sensitive']).optional(),
  target: z
    .union([
      z.array(z.enum(['production', 'preview', 'development'])),
      z.enum(['production', 'preview', 'development']).transform((one) => [one]),
    ])
    .optional(),
  customEnvironmentIds: z.array(z.string()).optional(),
  gitBranch: z.string().nullish(),
  comment: z.string().max(500).nullish(),
});

/** Adds a project's environment variables: list, create and upsert, read, change, delete, pull. */
export function addEnvRoutes(app: VercelApp, world: World): void {
  app.get('/projects/:project/env', (c) => {
    const project = projectOf(world, c.req.param('project'));
    const { gitBranch, customEnvironmentSlug } = c.req.query();
    const named = world.environments.all().find((one) => one.projectId === project.id && one.slug === customEnvironmentSlug);
    const customEnvironmentId = c.req.query('customEnvironmentId') ?? (customEnvironmentSlug ? (named?.id ?? 'none') : undefined);
    const shown = ofProject(world, project.id)
      .filter((variable) => !gitBranch || !variable.gitBranch || variable.gitBranch === gitBranch)
      .filter((variable) => !customEnvironmentId || variable.customEnvironmentIds.includes(customEnvironmentId));
    return c.json({ envs: shown.map(envShape), pagination: { count: shown.length, next: null, prev: null } });
  });

  app.post('/projects/:project/env', async (c) => {
    const body = await readBody(c, oneOrMany);
    const project = projectOf(world, c.req.param('project'));
    const many = Array.isArray(body);
    const result = await writeVariables(world, project.id, many ? body : [body], c.req.query('upsert') === 'true');
    const [failure] = result.failed;
    if (!many && failure) {
      const { code, message, ...extra } = failure.error;
      throw new VercelError(400, String(code), String(message), extra);
    }
    const created = result.created.map(envShape);
    return c.json({ created: many ? created : created[0], failed: result.failed }, 201);
  });

  app.delete('/projects/:project/env', async (c) => {
    const { ids } = await readBody(c, z.object({ ids: z.array(z.string()).min(1) }));
    const project = projectOf(world, c.req.param('project'));
    const doomed = ids.map((id) => variableOf(world, project.id, id));
    for (const variable of doomed) await world.env.delete(variable.id);
    return c.json({ deleted: doomed.length, ids });
  });

  app.get('/projects/:project/env/:id', (c) => {
    const project = projectOf(world, c.req.param('project'));
    return c.json(envShape(variableOf(world, project.id, c.req.param('id'))));
  });

  app.patch('/projects/:project/env/:id', async (c) => {
    const body = await readBody(c, change);
    const old = variableOf(world, projectOf(world, c.req.param('project')).id, c.req.param('id'));
    if (old.type === 'sensitive' && body.type !== undefined && body.type !== 'sensitive') {
      throw badRequest('You cannot change the type of a Sensitive Environment Variable.');
    }
    const variable = changed(old, body);
    await world.env.put(variable.id, variable);
    return c.json(envShape(variable));
  });

  app.delete('/projects/:project/env/:id', async (c) => {
    const variable = variableOf(world, projectOf(world, c.req.param('project')).id, c.req.param('id'));
    await world.env.delete(variable.id);
    return c.json(envShape(variable));
  });
  addPullRoutes(app, world);
}

function addPullRoutes(app: VercelApp, world: World): void {
  const pull = (projectId: string, where: string | undefined, gitBranch: string | undefined) => {
    const project = projectOf(world, projectId);
    const environment = world.environments.all().find((one) => one.projectId === project.id && one.slug === where);
    const target = targetNamed(where ?? 'development');
    if (!environment && !target) throw notFound(`The environment "${where}" does not exist.`);
    const readable = ofProject(world, project.id).filter((variable) => variable.type !== 'sensitive');
    const visible = new Set(readable.map((variable) => variable.key));
    const all = variablesFor(world, project.id, { target: target ?? 'preview', customEnvironmentId: environment?.id, gitBranch });
    return { env: Object.fromEntries(Object.entries(all).map(([key, value]) => [key, visible.has(key) ? value : ''])), buildEnv: {} };
  };
  app.get('/env/pull/:project', (c) => c.json(pull(c.req.param('project'), c.req.query('target'), c.req.query('gitBranch'))));
  app.get('/env/pull/:project/:environment', (c) => c.json(pull(c.req.param('project'), c.req.param('environment'), undefined)));
  app.get('/env/pull/:project/:environment/:branch', (c) =>
    c.json(pull(c.req.param('project'), c.req.param('environment'), c.req.param('branch'))),
  );
}

function targetNamed(name: string): Target | undefined {
  return name === 'production' || name === 'preview' || name === 'development' ? name : undefined;
}

function ofProject(world: World, projectId: string): EnvVar[] {
  return world.env.all().filter((variable) => variable.projectId === projectId);
}

function variableOf(world: World, projectId: string, id: string): EnvVar {
  const variable = world.env.get(id);
  if (!variable || variable.projectId !== projectId) throw notFound('The environment variable could not be found.');
  return variable;
}

function changed(old: EnvVar, body: z.output<typeof change>): EnvVar {
  return {
    ...old,
    key: body.key ?? old.key,
    value: body.value ?? old.value,
    type: body.type ?? old.type,
    target: body.target ?? old.target,
    customEnvironmentIds: body.customEnvironmentIds ?? old.customEnvironmentIds,
    gitBranch: body.gitBranch === undefined ? old.gitBranch : (body.gitBranch ?? undefined),
    comment: body.comment === undefined ? old.comment : (body.comment ?? undefined),
    updatedAt: uniqueTime(),
  };
}
