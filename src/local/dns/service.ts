import { Hono } from 'hono';
import { z } from 'zod';
import { openIssued, randomHex } from '../issued.ts';
import { isLoopbackHost } from '../loopback.ts';
import { fieldsOf, tokenOf } from '../requests.ts';
import { sameSecret } from '../same-secret.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { startDnsServer } from './server.ts';
import { openZone, recordTypes, type Zone } from './zone.ts';

/** The DNS of the emulated world: a server for questions, and an interface of its own for setting records. */
export interface DnsService extends LocalService {
  readonly name: 'dns';
  /** Port of the DNS server on 127.0.0.1, UDP and TCP. */
  readonly port: number;
  readonly token: string;
}

const wantedRecords = z.object({
  name: z.string().regex(/^(?!.*\.\.)[a-z0-9_*-][a-z0-9_.*-]{0,252}$/i),
  type: z.enum(recordTypes),
  values: z.array(z.string().min(1).max(4096)).max(50),
});

/** Starts it. `domains` are those of the emulated Vercel, which point to it by themselves. */
export async function startDns(context: ServiceContext, domains: () => readonly string[]): Promise<DnsService> {
  const { token } = await openIssued(context.stateDir, () => ({ token: `jvlocal_${randomHex(20)}` }));
  const zone = await openZone(context.stateDir, domains);
  const server = await startDnsServer(zone, await context.ports.port('dns-server'));
  return { name: 'dns', port: server.port, token, app: recordsApi(zone, token), stop: () => server.stop() };
}

/** No vendor's: `GET /_local/records`, and `PUT /_local/records` with `{name, type, values}` (none removes them). */
function recordsApi(zone: Zone, token: string): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    if (!isLoopbackHost(c.req.header('host'))) return c.json({ error: 'This host is not served here.' }, 421);
    if (!sameSecret(tokenOf(c), token)) return c.json({ error: 'The token is missing or wrong.' }, 401);
    return await next();
  });
  app.get('/_local/records', (c) => c.json({ records: zone.records() }));
  app.put('/_local/records', async (c) => {
    const wanted = wantedRecords.safeParse(await fieldsOf(c));
    if (!wanted.success) return c.json({ error: z.prettifyError(wanted.error) }, 400);
    const { name, type, values } = wanted.data;
    await zone.set(name, type, values);
    return c.json({ records: zone.records().filter((record) => record.name === name.toLowerCase()) });
  });
  app.notFound((c) => c.json({ error: `${c.req.method} ${c.req.path} is not part of the DNS interface.` }, 404));
  return app;
}
