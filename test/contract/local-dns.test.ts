import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { streamDecode, streamEncode } from 'dns-packet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDns, type DnsService } from '../../src/local/dns/service.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

const domains = ['staging.jetvision-assistant.com', 'jetvision.test'];

let dns: TestVendor<DnsService>;

beforeAll(async () => {
  dns = await startTestVendor((context) => startDns(context, () => domains));
});

afterAll(() => dns.stop());

function resolver(): Resolver {
  const own = new Resolver({ tries: 1, timeout: 5000 });
  own.setServers([`127.0.0.1:${dns.service().port}`]);
  return own;
}

async function set(name: string, type: string, values: readonly string[], token = dns.service().token) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${dns.url()}/_local/records`, { method: 'PUT', headers, body: JSON.stringify({ name, type, values }) });
  return response.status;
}

it('answers for the domains of projects as the vendor wants them to point', async () => {
  expect(await resolver().resolveCname('Staging.JetVision-Assistant.com')).toEqual(['cname.vercel-dns.com']);
  expect(await resolver().resolve4('staging.jetvision-assistant.com')).toEqual(['76.76.21.21']);
  expect(await resolver().resolve4('jetvision.test')).toEqual(['76.76.21.21']);
});

it('tells a name that there is not from one without such records', async () => {
  await expect(resolver().resolve4('nowhere.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(resolver().resolve6('jetvision.test')).rejects.toMatchObject({ code: 'ENODATA' });
});

it('answers what was set, over a restart, until it is removed', async () => {
  const long = 'vc-domain-verify=staging.jetvision-assistant.com,'.padEnd(700, 'x');
  await set('_vercel.jetvision-assistant.com', 'TXT', ['vc-domain-verify=a,1', long]);
  await set('staging.jetvision-assistant.com', 'CNAME', ['elsewhere.test.']);
  await set('elsewhere.test', 'A', ['127.0.0.9']);
  await dns.restart();
  const texts = await resolver().resolveTxt('_vercel.jetvision-assistant.com');
  const moved = await resolver().resolve4('staging.jetvision-assistant.com');
  await set('staging.jetvision-assistant.com', 'CNAME', []);

  // More than fits into one answer over UDP: the resolver asked again over TCP.
  expect(texts.map((parts) => parts.join(''))).toEqual(['vc-domain-verify=a,1', long]);
  expect(moved).toEqual(['127.0.0.9']);
  expect(await resolver().resolveCname('staging.jetvision-assistant.com')).toEqual(['cname.vercel-dns.com']);
});

it('wants its token for setting, and takes only what a record can be', async () => {
  expect(await set('x.test', 'A', ['127.0.0.1'], 'wrong')).toBe(401);
  expect(await set('../x', 'A', ['127.0.0.1'])).toBe(400);
  expect(await set('x.test', 'MX', ['mail.test'])).toBe(400);
  await expect(resolver().resolve4('x.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

it('answers questions that come in pieces over TCP, and outlives what is no DNS', async () => {
  const { port } = dns.service();
  const noise = createSocket('udp4');
  noise.send(Buffer.from('no DNS'), port, '127.0.0.1');
  const socket = connect(port, '127.0.0.1');
  const question = streamEncode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'jetvision.test' }] });
  socket.write(question.subarray(0, 9));
  await once(socket, 'connect');
  setImmediate(() => socket.write(question.subarray(9)));
  const [answer] = await once(socket, 'data');
  socket.destroy();
  noise.close();

  expect(streamDecode(answer)).toMatchObject({ id: 7, type: 'response', answers: [{ type: 'A', data: '76.76.21.21' }] });
});
