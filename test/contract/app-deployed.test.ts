import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { WebSocket } from 'ws';
import { type AppWorld, appTest as test, day, gitSha, hasAppPrograms, startAppWorld, until } from '../support/app-world.ts';
import { startTestCloud, type TestCloud } from '../support/local-cloud.ts';
import { type Files, vercelClient, visit } from '../support/vercel-client.ts';

const host = 'staging.jetvision-assistant.com';
const system = /^VERCEL/;

let world: AppWorld;
let cloud: TestCloud;
let deploymentId: string;

beforeAll(async () => {
  if (!hasAppPrograms) return;
  [world, cloud] = await Promise.all([startAppWorld(), startTestCloud()]);
  const vercel = vercelClient(cloud.endpoints);
  await vercel.call('POST', '/v11/projects', { name: 'app' });
  await vercel.call('POST', '/v10/projects/app/domains', { name: host });
  const variables = Object.entries(world.environment).filter(([name]) => !system.test(name));
  await vercel.call(
    'POST',
    '/v10/projects/app/env',
    variables.map(([key, value]) => ({ key, value, type: 'encrypted', target: ['production'] })),
  );
  const created = await vercel.deploy('app', await filesBelow(world.outputDir), {
    target: 'production',
    gitMetadata: { commitSha: gitSha },
  });
  deploymentId = String((await vercel.settled(created.body['id'])).body['id']);
});

afterAll(async () => {
  if (hasAppPrograms) await Promise.all([world.close(), cloud.stop()]);
});

const page = (path: string, options?: Parameters<typeof visit>[3]) => visit(cloud.endpoints, host, path, options);

test('the deployed app answers at its domain, and says which deployment and commit it is', async () => {
  const health = await until(
    () => page('/api/health'),
    ({ status }) => status === 200,
  );

  expect(JSON.parse(health.text)).toMatchObject({ status: 'ok', environment: 'staging', version: gitSha, deployment: deploymentId });
  expect(health.headers).toMatchObject({ 'x-robots-tag': 'noindex, nofollow', 'strict-transport-security': 'max-age=63072000' });
});

test('static files are served beside the function, each with its type and cache time', async () => {
  const home = await page('/');
  const styles = /href="(\/assets\/[^"]+\.css)"/.exec(home.text)?.[1] ?? '';
  const file = await page(styles);

  expect(home.text).toContain('<h1>JetVision Assistant</h1>');
  expect(file.status).toBe(200);
  expect(file.headers).toMatchObject({
    'content-type': expect.stringContaining('text/css'),
    'cache-control': 'public, max-age=31536000, immutable',
    'x-robots-tag': 'noindex, nofollow',
  });
  expect((await page('/nowhere')).status).toBe(404);
});

test('a signed-in request is stored and worked off by the deployment', async () => {
  const json = { 'content-type': 'application/json' };
  const signIn = await page('/api/auth/sign-in', {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ email: 'agent1@staging.test', password: world.password }),
  });
  const cookie = String(signIn.headers['set-cookie']).split(';')[0] ?? '';
  const request = { departure_airport: 'KTEB', arrival_airport: 'KVNY', passengers: 6, departure_date: day(30) };
  // As a browser sends it: from a page of this site.
  const created = await page('/api/requests', {
    method: 'POST',
    headers: { ...json, cookie, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify(request),
  });

  expect(created.status).toBe(201);
  const id: string = JSON.parse(created.text).request.id;
  await until(
    () => world.sql`select status from flight_requests where id = ${id}`,
    ([row]) => row?.['status'] === 'AWAITING_QUOTES',
  );
  const worked = await page('/api/worker?queue=flight-requests', { method: 'POST' });
  expect(JSON.parse(worked.text)).toEqual({ processed: 0, failed: 0, remaining: 0, deployment: deploymentId });
});

test('/ws reaches the function', async () => {
  const { host: address, port } = cloud.endpoints.gateway;
  const socket = new WebSocket(`ws://${address}:${port}/ws`, { headers: { host } });
  const echo = await new Promise<string>((resolve, reject) => {
    socket.on('open', () => socket.send('ping'));
    socket.on('message', (message) => resolve(Buffer.isBuffer(message) ? message.toString() : ''));
    socket.on('error', reject);
  });
  socket.close();

  expect(echo).toBe('ping');
});

async function filesBelow(outputDir: string): Promise<Files> {
  const entries = await readdir(outputDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files.map(async (path) => [`.vercel/output/${relative(outputDir, path)}`, await readFile(path, 'utf8')] as const),
  );
  return Object.fromEntries(contents);
}
