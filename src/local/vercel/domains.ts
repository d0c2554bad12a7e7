import { z } from 'zod';
import { badRequest, notFound, VercelError } from './errors.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import type { Project, ProjectDomain } from './model.ts';
import { userId } from './deployment-shapes.ts';
import { domainShape } from './shapes.ts';
import type { World } from './world.ts';
import { currentProduction, assignAlias, projectOf, uniqueTime } from './world.ts';

const hostName = z
  .string()
  .max(253)
  .regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/, 'a domain name in lower case');
const fields = z.looseObject({
  gitBranch: z.string().nullish(),
  customEnvironmentId: z.string().nullish(),
  redirect: z.string().nullish(),
  redirectStatusCode: z.union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)]).nullish(),
});

/** Adds a project's domains and what is told of a domain. Every domain counts as ours and configured: DNS is not emulated. */
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
    return c.json(
      ofProject(project.id).map((domain) => ({
        domain: domain.name,
        target: 'PRODUCTION',
        environment: 'production',
        createdAt: domain.createdAt,
      })),
    );
  });
  app.get('/projects/:project/domains/:domain', (c) => c.json(domainShape(find(c.req.param('project'), c.req.param('domain')))));
  app.patch('/projects/:project/domains/:domain', async (c) => {
    const body = await readBody(c, fields);
    const changed = changedDomain(find(c.req.param('project'), c.req.param('domain')), body);
    await world.domains.put(changed.name, changed);
    return c.json(domainShape(changed));
  });
  app.delete('/projects/:project/domains/:domain', async (c) => {
    const domain = find(c.req.param('project'), c.req.param('domain'));
    await world.aliases.delete(domain.name);
    await world.domains.delete(domain.name);
    await onChange();
    return c.json({});
  });
  app.post('/projects/:project/domains/:domain/verify', (c) => c.json(domainShape(find(c.req.param('project'), c.req.param('domain')))));
  addDomainFacts(app, world);
}

function addDomainFacts(app: VercelApp, world: World): void {
  app.get('/domains/:domain/config', (c) =>
    c.json({
      configuredBy: 'CNAME',
      acceptedChallenges: ['http-01'],
      misconfigured: false,
      recommendedIPv4: [{ rank: 1, value: ['76.76.21.21'] }],
      recommendedCNAME: [{ rank: 1, value: 'cname.vercel-dns.com.' }],
      nameservers: [],
      serviceType: 'external',
      cnames: ['cname.vercel-dns.com'],
      aValues: [],
      conflicts: [],
    }),
  );
  app.get('/domains/:domain', (c) => {
    const name = c.req.param('domain').toLowerCase();
    const known = world.domains.all().find((domain) => apexOf(domain.name) === apexOf(name));
    if (!known) throw notFound(`The domain "${name}" could not be found.`);
    return c.json({ domain: apexShape(world, name, known.createdAt) });
  });
  // Nothing is for sale here; the CLI asks before it shows or assigns a domain (contracts.md §1.2).
  app.get('/registrar/domains/:domain/price', (c) => c.json({ years: 1, purchasePrice: null, renewalPrice: null, transferPrice: null }));
  app.get('/registrar/domains/:domain/availability', (c) => c.json({ available: false }));
  app.get('/domains/:domain/project-domains', (c) => {
    const name = c.req.param('domain').toLowerCase();
    const known = world.domains.all().filter((domain) => domain.name === name || domain.name.endsWith(`.${name}`));
    return c.json({ domains: known.map(domainShape), pagination: { count: known.length, next: null, prev: null } });
  });
}

/** Returns the part of a domain name that is bought: its last two labels. */
function apexOf(name: string): string {
  return name.split('.').slice(-2).join('.');
}

function apexShape(world: World, name: string, createdAt: number) {
  return {
    id: `dom_${name}`,
    name,
    suffix: false,
    verified: true,
    nameservers: [],
    intendedNameservers: ['ns1.vercel-dns.com', 'ns2.vercel-dns.com'],
    customNameservers: [],
    creator: { id: userId, username: 'jvlocal', email: 'local@jv-staging.test' },
    createdAt,
    expiresAt: null,
    boughtAt: null,
    transferredAt: null,
    orderedAt: null,
    renew: false,
    echMode: 'auto',
    serviceType: 'external',
    teamId: world.team.id,
    userId,
  };
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
  const domain = changedDomain({ name: body.name, projectId: project.id, verified: true, createdAt: now, updatedAt: now }, body);
  await world.domains.put(domain.name, domain);
  const current = currentProduction(world, project.id);
  if (current && !domain.gitBranch && !domain.customEnvironmentId && !domain.redirect) await assignAlias(world, domain.name, current);
  return domain;
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
