import { isIPv4, isIPv6 } from 'node:net';
import type { Hono } from 'hono';
import { z } from 'zod';
import type { NetworkRestrictions } from '../project.ts';
import { projectOf, type ManagementOptions } from './context.ts';
import { body, ManagementError } from './management-error.ts';

const cidrs = z.object({ dbAllowedCidrs: z.array(z.string()).optional(), dbAllowedCidrsV6: z.array(z.string()).optional() });
const changeBody = z.object({ add: cidrs.optional(), remove: cidrs.optional() });
const sslBody = z.object({ requestedConfig: z.object({ database: z.boolean() }) });

/**
 * Adds network restrictions and the demand for TLS. Both are stored only: the server listens on loopback alone, which no restriction
 * can shut out, and without TLS.
 */
export function addNetwork(app: Hono, options: ManagementOptions): void {
  addRestrictions(app, options);
  app.get('/v1/projects/:ref/ssl-enforcement', (c) => c.json(sslAnswer(projectOf(options, c).sslEnforced)));
  app.put('/v1/projects/:ref/ssl-enforcement', async (c) => {
    const { ref } = projectOf(options, c);
    const { requestedConfig } = await body(c, sslBody);
    const { sslEnforced } = await options.projects.change(ref, { sslEnforced: requestedConfig.database });
    return c.json(sslAnswer(sslEnforced));
  });
}

/** Says that enforcement is not applied where it is wanted: connections without TLS still work here. */
function sslAnswer(enforced: boolean) {
  return { currentConfig: { database: enforced }, appliedSuccessfully: !enforced };
}

function addRestrictions(app: Hono, options: ManagementOptions): void {
  const change = async (ref: string, v4: readonly string[], v6: readonly string[]) => {
    const settings = options.projects.get(ref)?.settings;
    assertCidrs(v4, isIPv4, 32);
    assertCidrs(v6, isIPv6, 128);
    const network: NetworkRestrictions = { dbAllowedCidrs: v4, dbAllowedCidrsV6: v6, updatedAt: new Date().toISOString() };
    await options.projects.change(ref, { settings: { ...settings, network } });
    return network;
  };
  app.get('/v1/projects/:ref/network-restrictions', (c) => c.json(answer(projectOf(options, c).settings.network)));
  app.post('/v1/projects/:ref/network-restrictions/apply', async (c) => {
    const { ref } = projectOf(options, c);
    const wanted = await body(c, cidrs);
    return c.json(answer(await change(ref, wanted.dbAllowedCidrs ?? [], wanted.dbAllowedCidrsV6 ?? [])), 201);
  });
  app.patch('/v1/projects/:ref/network-restrictions', async (c) => {
    const { ref, settings } = projectOf(options, c);
    const { add, remove } = await body(c, changeBody);
    const before = settings.network ?? unrestricted;
    const v4 = merged(before.dbAllowedCidrs, add?.dbAllowedCidrs, remove?.dbAllowedCidrs);
    const v6 = merged(before.dbAllowedCidrsV6, add?.dbAllowedCidrsV6, remove?.dbAllowedCidrsV6);
    const { updatedAt } = await change(ref, v4, v6);
    const listed = [...v4.map((address) => ({ address, type: 'v4' })), ...v6.map((address) => ({ address, type: 'v6' }))];
    return c.json({ entitlement: 'allowed', config: { dbAllowedCidrs: listed }, status: 'stored', updated_at: updatedAt });
  });
}

const unrestricted: NetworkRestrictions = { dbAllowedCidrs: ['0.0.0.0/0'], dbAllowedCidrsV6: ['::/0'], updatedAt: '' };

/** A new project is open to every address; what its owner restricts is stored and, here, not applied. */
function answer(network: NetworkRestrictions | undefined) {
  const { dbAllowedCidrs, dbAllowedCidrsV6, updatedAt } = network ?? unrestricted;
  const config = { dbAllowedCidrs, dbAllowedCidrsV6 };
  if (network === undefined) return { entitlement: 'allowed', config, status: 'applied' };
  return { entitlement: 'allowed', config, status: 'stored', updated_at: updatedAt };
}

function merged(before: readonly string[], add: readonly string[] = [], remove: readonly string[] = []): string[] {
  return [...new Set([...before, ...add])].filter((cidr) => !remove.includes(cidr));
}

function assertCidrs(values: readonly string[], isAddress: (text: string) => boolean, bits: number): void {
  for (const value of values) {
    const [address = '', length = '', ...rest] = value.split('/');
    if (!isAddress(address) || !/^\d{1,3}$/.test(length) || Number(length) > bits || rest.length > 0)
      throw new ManagementError(400, `${value} is no address range such as ${bits === 32 ? '10.0.0.0/8' : 'fd00::/8'}`);
  }
}
