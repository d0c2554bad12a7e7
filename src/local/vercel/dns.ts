import { z } from 'zod';
import { badRequest, notFound } from './errors.ts';
import { userId } from './deployment-shapes.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import type { DnsRecord } from './model.ts';
import { page } from './paging.ts';
import type { World } from './world.ts';
import { newId, uniqueTime } from './world.ts';

const newRecord = z.looseObject({
  type: z.enum(['A', 'AAAA', 'ALIAS', 'CAA', 'CNAME', 'HTTPS', 'MX', 'SRV', 'TXT', 'NS']),
  name: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9*_.-]*$/, 'a host name below the domain, or an empty string')
    .default(''),
  value: z.string().max(65_535).optional(),
  ttl: z.number().int().min(60).max(2_147_483_647).default(60),
  mxPriority: z.number().int().optional(),
  comment: z.string().max(500).optional(),
});

/**
 * Adds DNS records. They stand for the whole DNS of the local cloud: what a domain's owner would enter at another provider, as the
 * TXT record that proves a domain, is entered here as well.
 */
export function addDnsRoutes(app: VercelApp, world: World): void {
  const ofDomain = (name: string) => world.dnsRecords.all().filter((record) => record.domain === name.toLowerCase());

  app.get('/domains/:domain/records', (c) => {
    const { items, pagination } = page(ofDomain(c.req.param('domain')), c.req.query());
    return c.json({ records: items.map(recordShape), pagination });
  });
  app.post('/domains/:domain/records', async (c) => {
    const body = await readBody(c, newRecord);
    if (body.value === undefined) throw badRequest('Invalid request: missing required property `value`.');
    const record: DnsRecord = {
      id: newId('rec_', 24),
      domain: c.req.param('domain').toLowerCase(),
      name: body.name,
      type: body.type,
      value: body.value,
      ttl: body.ttl,
      mxPriority: body.mxPriority,
      comment: body.comment,
      createdAt: uniqueTime(),
    };
    await world.dnsRecords.put(record.id, record);
    return c.json({ uid: record.id, updated: Date.now() });
  });
  app.delete('/domains/:domain/records/:record', async (c) => {
    const record = ofDomain(c.req.param('domain')).find((one) => one.id === c.req.param('record'));
    if (!record) throw notFound('The DNS record could not be found.');
    await world.dnsRecords.delete(record.id);
    return c.json({});
  });
}

function recordShape(record: DnsRecord) {
  const { domain: _domain, createdAt, ...rest } = record;
  return { ...rest, slug: '', creator: userId, created: createdAt, updated: createdAt, createdAt, updatedAt: createdAt };
}
