import type { Hono } from 'hono';
import { z } from 'zod';
import { projectHealth } from '../health.ts';
import type { ProjectStatus } from '../project.ts';
import { projectOf, type ManagementOptions } from './context.ts';
import { body, ManagementError } from './management-error.ts';
import { regionList, regions, smartRegions } from './regions.ts';
import { projectAnswer } from './shapes.ts';

const createBody = z
  .object({
    name: z.string().min(1).max(256),
    db_pass: z.string().min(1),
    organization_slug: z.string().optional(),
    organization_id: z.string().optional(),
    region: z.enum(regions).optional(),
    region_selection: z
      .discriminatedUnion('type', [
        z.object({ type: z.literal('specific'), code: z.enum(regions) }),
        z.object({ type: z.literal('smartGroup'), code: z.enum(['americas', 'emea', 'apac']) }),
      ])
      .optional(),
  })
  .refine((value) => (value.organization_slug ?? value.organization_id) !== undefined, { message: 'organization_slug is required' });

const nameBody = z.object({ name: z.string().min(1).max(256) });

/** Adds the projects: create, show, rename, delete, pause, restore, and their health. */
export function addProjects(app: Hono, options: ManagementOptions): void {
  addCollection(app, options);
  addOne(app, options);
  addPausing(app, options);
}

function addCollection(app: Hono, options: ManagementOptions): void {
  const { projects, organizations } = options;
  // Branches have projects of their own, which the list leaves out: they are found by `/branches`.
  app.get('/v1/projects', (c) =>
    c.json(
      projects
        .all()
        .filter((project) => project.parent === undefined)
        .map((project) => projectAnswer(project, options.postgresVersion)),
    ),
  );
  app.post('/v1/projects', async (c) => {
    const wanted = await body(c, createBody);
    const organization = wanted.organization_slug ?? wanted.organization_id ?? '';
    if (organizations.get(organization) === undefined) throw new ManagementError(404, `Organization ${organization} not found`);
    assertRoom(options);
    const region = wanted.region ?? regionOf(wanted.region_selection);
    const project = await projects.create({ name: wanted.name, region, password: wanted.db_pass, organization });
    const { database: _unknownYet, ...created } = projectAnswer(project, options.postgresVersion);
    return c.json(created, 201);
  });
  app.get('/v1/projects/available-regions', (c) => {
    if (organizations.get(c.req.query('organization_slug') ?? '') === undefined)
      throw new ManagementError(400, 'organization_slug: names no organization');
    return c.json(regionList);
  });
}

/** Each project takes connections and, with Realtime, a slot of the one Postgres: beyond the limit none could work. */
function assertRoom({ projects, projectLimit }: ManagementOptions): void {
  if (projects.all().length < projectLimit) return;
  throw new ManagementError(
    400,
    `The following organization members have reached their maximum limits for the number of active projects: jv-local (${projectLimit} project limit). ` +
      'To create a new project, delete one that is not needed any more.',
  );
}

function regionOf(selection: z.infer<typeof createBody>['region_selection']): string {
  if (selection === undefined) return 'us-east-1';
  return selection.type === 'specific' ? selection.code : smartRegions[selection.code];
}

function addOne(app: Hono, options: ManagementOptions): void {
  const { projects } = options;
  app.get('/v1/projects/:ref', (c) => c.json(projectAnswer(projectOf(options, c), options.postgresVersion)));
  app.patch('/v1/projects/:ref', async (c) => {
    const { ref, number } = projectOf(options, c);
    const { name } = await projects.change(ref, await body(c, nameBody));
    return c.json({ id: number, ref, name });
  });
  app.delete('/v1/projects/:ref', async (c) => {
    const { ref, name, number } = projectOf(options, c);
    for (const branch of projects.all().filter((project) => project.parent?.ref === ref)) await projects.remove(branch.ref);
    await projects.remove(ref);
    return c.json({ id: number, ref, name });
  });
  app.get('/v1/projects/:ref/health', async (c) => {
    const project = projectOf(options, c);
    const asked = c.req.queries('services')?.flatMap((names) => names.split(',')) ?? c.req.queries('services[]') ?? [];
    if (asked.length === 0) throw new ManagementError(400, 'services: Required');
    return c.json(await projectHealth(options.cluster, projects, project, asked));
  });
}

function addPausing(app: Hono, options: ManagementOptions): void {
  const { projects } = options;
  const assertStatus = (status: ProjectStatus, wanted: readonly ProjectStatus[], verb: string) => {
    if (!wanted.includes(status)) throw new ManagementError(400, `A project that is ${status} cannot be ${verb}.`);
  };
  app.post('/v1/projects/:ref/pause', async (c) => {
    const { ref, status } = projectOf(options, c);
    assertStatus(status, ['ACTIVE_HEALTHY'], 'paused');
    await projects.pause(ref);
    return c.body(null, 200);
  });
  app.get('/v1/projects/:ref/restore', (c) => {
    projectOf(options, c);
    const engine = options.postgresVersion.split('.')[0] ?? '15';
    return c.json({ available_versions: [{ version: options.postgresVersion, release_channel: 'ga', postgres_engine: engine }] });
  });
  app.post('/v1/projects/:ref/restore', async (c) => {
    const { ref, status } = projectOf(options, c);
    assertStatus(status, ['INACTIVE', 'INIT_FAILED', 'RESTORE_FAILED'], 'restored');
    await projects.resume(ref);
    return c.body(null, 200);
  });
}
