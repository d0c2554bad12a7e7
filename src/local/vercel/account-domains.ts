import { z } from 'zod';
import { apexOf, domainShape, hostName } from './domain-ownership.ts';
import { userId } from './deployment-shapes.ts';
import { badRequest, notFound, VercelError } from './errors.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import type { AccountDomain } from './model.ts';
import { page } from './paging.ts';
import type { World } from './world.ts';
import { uniqueTime } from './world.ts';

const nameservers = ['ns1.vercel-dns.com', 'ns2.vercel-dns.com'];

/** Adds the account's own domains (those that projects' domains are part of) and what is told of any domain. */
export function addAccountDomainRoutes(app: VercelApp, world: World, onChange: () => Promise<void>): void {
  const find = (asked: string): AccountDomain => {
    const name = asked.toLowerCase();
    const own = world.accountDomains.get(apexOf(name));
    const known = own ?? world.domains.all().find((domain) => domain.verified && apexOf(domain.name) === apexOf(name));
    if (!known) throw notFound(`The domain "${name}" could not be found.`);
    return { name, createdAt: known.createdAt };
  };
  const below = (name: string) => world.domains.all().filter((domain) => domain.name === name || domain.name.endsWith(`.${name}`));

  app.get('/domains', (c) => {
    const { items, pagination } = page(world.accountDomains.all(), c.req.query());
    return c.json({ domains: items.map((domain) => accountDomainShape(world, domain)), pagination });
  });
  app.post('/domains', async (c) => {
    const { name, method } = await readBody(c, z.looseObject({ name: hostName, method: z.string().default('add') }));
    if (method !== 'add') throw badRequest('Domains can be added here, not transferred: nothing is for sale.');
    if (world.accountDomains.get(name)) {
      throw new VercelError(409, 'domain_already_exists', `The domain "${name}" is already in use.`, { domain: name });
    }
    const domain = { name, createdAt: uniqueTime() };
    await world.accountDomains.put(name, domain);
    return c.json({ domain: accountDomainShape(world, domain) });
  });
  app.get('/domains/:domain', (c) => c.json({ domain: accountDomainShape(world, find(c.req.param('domain'))) }));
  app.delete('/domains/:domain', async (c) => {
    const { name } = find(c.req.param('domain'));
    for (const domain of below(name)) {
      await world.aliases.delete(domain.name);
      await world.domains.delete(domain.name);
    }
    await world.accountDomains.delete(name);
    await onChange();
    return c.json({ uid: `dom_${name}` });
  });
  app.get('/domains/:domain/project-domains', (c) => {
    const known = below(c.req.param('domain').toLowerCase());
    return c.json({ projectDomains: known.map(domainShape), pagination: { count: known.length, next: null, prev: null } });
  });
  addFactRoutes(app);
}

function addFactRoutes(app: VercelApp): void {
  // The gateway answers for every domain, so that each counts as configured; whether it is proven is another question.
  app.get('/domains/:domain/config', (c) => {
    const name = c.req.param('domain').toLowerCase();
    return c.json({
      configuredBy: name === apexOf(name) ? 'A' : 'CNAME',
      acceptedChallenges: ['http-01'],
      misconfigured: false,
      recommendedIPv4: [{ rank: 1, value: ['76.76.21.21'] }],
      recommendedCNAME: [{ rank: 1, value: 'cname.vercel-dns.com.' }],
      nameservers: [],
      serviceType: 'external',
      cnames: name === apexOf(name) ? [] : ['cname.vercel-dns.com'],
      aValues: name === apexOf(name) ? ['76.76.21.21'] : [],
      conflicts: [],
    });
  });
  // Nothing is for sale here; the CLI asks before it shows or assigns a domain (contracts.md §1.2).
  app.get('/registrar/domains/:domain/price', (c) => c.json({ years: 1, purchasePrice: null, renewalPrice: null, transferPrice: null }));
  app.get('/registrar/domains/:domain/availability', (c) => c.json({ available: false }));
}

function accountDomainShape(world: World, { name, createdAt }: AccountDomain) {
  return {
    id: `dom_${name}`,
    name,
    suffix: false,
    verified: true,
    nameservers: [],
    intendedNameservers: nameservers,
    customNameservers: [],
    creator: { id: userId, username: 'jvlocal', email: 'local@jv-staging.test' },
    createdAt,
    expiresAt: null,
    boughtAt: null,
    transferredAt: null,
    renew: false,
    echMode: 'auto',
    serviceType: 'external',
    teamId: world.team.id,
    userId,
  };
}
