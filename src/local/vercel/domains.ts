import { z } from 'zod';
import { badRequest, notFound, VercelError } from './errors.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import { domainShape, hostName, joinAccount, ownershipOf, provenDomain } from './domain-ownership.ts';
import type { Project, ProjectDomain } from './model.ts';
import type { World } from './world.ts';
import { currentProduction, assignAlias, projectOf, uniqueTime } from './world.ts';

const fields = z.looseObject({
  gitBranch: z.string().nullish(),
  customEnvironmentId: z.string().nullish(),
  redirect: z.string().nullish(),
  redirectStatusCode: z.union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)]).nullish(),
});

/** Adds a project's domains. */
export function addDomainRoutes(app: VercelApp, world: World, onChange: () => Promise<void>): void {
  const ofProject = (projectId: string) => world.domains.all().filter((domain) => domain.projectId === projectId);
  const find = (idOrName: string, name: string) => {
    const project = projectOf(world, idOrName);
    const domain = world.domains.get(name.toLowerCase());
    if (!domain || domain.projectId !== project.id) throw notFound(`The domain "${name}" is not assigned to "${project.name}".`);
    return domain;
  };

  app.get('/projects/:project/domains', (c) => {
    const domains = ofProject(projectOf(world, c.req.param('project')).id);
    return c.json({ domains: domains.map(domainShape), pagination: { count: domains.length, next: null, prev: null } });
  });
  app.post('/projects/:project/domains', async (c) => {
    const body = await readBody(c, fields.extend({ name: hostName }));
    const domain = await addDomain(world, projectOf(world, c.req.param('project')), body);
    await onChange();
    return c.json(domainShape(domain));
  });
  // The CLI's own spelling of the same (contracts.md §1.2, `domains add`).
  app.post('/projects/:project/alias', async (c) => {
    const body = await readBody(c, fields.extend({ domain: hostName }));
    const project = projectOf(world, c.req.param('project'));
    await addDomain(world, project, { ...body, name: body.domain });
    await onChange();
    return c.json(targetsOf(ofProject(project.id)));
  });
  app.get('/projects/:project/domains/:domain', (c) => c.json(domainShape(find(c.req.param('project'), c.req.param('domain')))));
  app.patch('/projects/:project/domains/:domain', async (c) => {
    const body = await readBody(c, fields);
    const changed = changedDomain(find(c.req.param('project'), c.req.param('domain')), body);
    await world.domains.put(changed.name, changed);
    return c.json(domainShape(changed));
  });
  const remove = async (domain: ProjectDomain) => {
    await world.aliases.delete(domain.name);
    await world.domains.delete(domain.name);
    await onChange();
  };
  app.delete('/projects/:project/domains/:domain', async (c) => {
    await remove(find(c.req.param('project'), c.req.param('domain')));
    return c.json({});
  });
  app.delete('/projects/:project/alias', async (c) => {
    await remove(find(c.req.param('project'), c.req.query('domain') ?? ''));
    return c.json(targetsOf(ofProject(projectOf(world, c.req.param('project')).id)));
  });
  app.post('/projects/:project/domains/:domain/verify', async (c) => {
    const domain = find(c.req.param('project'), c.req.param('domain'));
    const proven = provenDomain(world, domain);
    await world.domains.put(proven.name, proven);
    await joinAccount(world, proven);
    if (!domain.verified) await pointToProduction(world, proven);
    await onChange();
    return c.json(domainShape(proven));
  });
  // The CLI asks for a domain whose project it does not know (`domains verify`).
  app.get('/project-domains/:domain', (c) => {
    const domain = world.domains.get(c.req.param('domain').toLowerCase());
    if (!domain) throw notFound(`The domain "${c.req.param('domain')}" is not assigned to a project.`);
    return c.json(domainShape(domain));
  });
}

async function addDomain(
  world: World,
  project: Project,
  body: z.output<typeof fields> & { readonly name: string },
): Promise<ProjectDomain> {
  const owner = world.domains.get(body.name);
  if (owner) {
    const where = owner.projectId === project.id ? 'this project' : 'another project';
    throw new VercelError(
      owner.projectId === project.id ? 400 : 409,
      'domain_already_in_use',
      `Cannot add ${body.name} since it's already assigned to ${where}.`,
      {
        projectId: owner.projectId,
      },
    );
  }
  if (body.customEnvironmentId && !world.environments.get(body.customEnvironmentId))
    throw badRequest('The custom environment does not exist.');
  const now = uniqueTime();
  const fresh = { name: body.name, projectId: project.id, ...ownershipOf(world, body.name), createdAt: now, updatedAt: now };
  const domain = changedDomain(fresh, body);
  await world.domains.put(domain.name, domain);
  await joinAccount(world, domain);
  await pointToProduction(world, domain);
  return domain;
}

/** A domain without branch, environment and redirect shows the production deployment from the start. */
async function pointToProduction(world: World, domain: ProjectDomain): Promise<void> {
  const current = currentProduction(world, domain.projectId);
  if (!current || !domain.verified || domain.gitBranch || domain.customEnvironmentId || domain.redirect) return;
  await assignAlias(world, domain.name, current);
}

/** Returns domains in the CLI's older spelling. */
function targetsOf(domains: readonly ProjectDomain[]) {
  return domains.map(({ name, createdAt }) => ({ domain: name, target: 'PRODUCTION', environment: 'production', createdAt }));
}

function changedDomain(old: ProjectDomain, body: z.output<typeof fields>): ProjectDomain {
  return {
    ...old,
    gitBranch: body.gitBranch === undefined ? old.gitBranch : (body.gitBranch ?? undefined),
    customEnvironmentId: body.customEnvironmentId === undefined ? old.customEnvironmentId : (body.customEnvironmentId ?? undefined),
    redirect: body.redirect === undefined ? old.redirect : (body.redirect ?? undefined),
    redirectStatusCode: body.redirectStatusCode === undefined ? old.redirectStatusCode : (body.redirectStatusCode ?? undefined),
    updatedAt: uniqueTime(),
  };
}
