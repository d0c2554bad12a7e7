// Runs twelve checks against an address, as smoke does: `smoke.ts ORIGIN`. A process of its own, to be held against the original script.
import { jsonShapes } from '../../../src/adapters/json-shape/json-shapes.ts';
import { appSessions } from '../../../src/adapters/sessions/app-sessions.ts';
import { systemClock as clock } from '../../../src/adapters/system/system-clock.ts';
import { echoSockets } from '../../../src/adapters/web/echo-sockets.ts';
import { webClient } from '../../../src/adapters/web/web-client.ts';
import { runSteps } from '../../../src/core/run/run-steps.ts';
import { noProduction } from '../../../src/core/smoke/leaks.ts';
import type { SmokeCheck } from '../../../src/core/smoke/smoke.ts';
import { smokeRun } from '../../../src/stages/smoke/smoke.ts';

const [origin = ''] = process.argv.slice(2);
const timeoutMs = 10_000;
const as = { user: 'agent1@staging.test' } as const;
const requests = { kind: 'api', path: '/api/requests', timeoutMs } as const;
const body = { departure_airport: 'KTEB', arrival_airport: 'KVNY', passengers: 6, departure_date: '{today+30}' };
const page = { kind: 'page', as: 'nobody', status: 200, timeoutMs } as const;
const checks: readonly SmokeCheck[] = [
  { ...page, id: 'home', title: 'Home', path: '/', marker: 'JetVision' },
  { ...page, id: 'sign-in-page', title: 'Sign-in page', path: '/sign-in', marker: 'Sign in' },
  { ...page, id: 'dashboard', title: 'Dashboard', path: '/dashboard', as, marker: as.user },
  { ...page, id: 'dashboard-signed-out', title: 'Dashboard, not signed in', path: '/dashboard', status: 307, marker: '/sign-in' },
  { id: 'health', title: 'Health', kind: 'health', path: '/api/health', timeoutMs },
  { id: 'sign-in', title: 'Sign-in', kind: 'auth', path: '/dashboard', as, provider: 'app', timeoutMs },
  {
    ...requests,
    id: 'create',
    title: 'Create',
    method: 'POST',
    as,
    body,
    status: 201,
    fields: { 'request.id': 'string' },
    remove: { id: 'request.id', path: '/api/requests/{id}' },
  },
  { ...requests, id: 'create-signed-out', title: 'Create, not signed in', method: 'POST', as: 'nobody', body, status: 401, fields: {} },
  { ...requests, id: 'list', title: 'List', method: 'GET', as, status: 200, fields: { requests: 'array' }, notEmpty: 'requests' },
  { id: 'websocket', title: 'WebSocket', kind: 'websocket', path: '/ws', timeoutMs },
  { id: 'headers', title: 'Headers', kind: 'headers', path: '/', headers: { 'x-robots-tag': 'noindex' }, timeoutMs },
  { id: 'negative', title: 'Nothing of production', kind: 'negative', path: '/', absent: [], timeoutMs },
];

const web = webClient();
const run = smokeRun(
  { web, clock, sessions: appSessions({ web, password: 'password' }), sockets: echoSockets(), shapes: jsonShapes() },
  {
    target: { origin, resolve: {} },
    checks,
    profile: 'full',
    expected: { environment: 'staging', sentryEnvironment: 'staging' },
    production: noProduction,
    minimumExecuted: checks.length,
  },
);
const journal = { append: () => Promise.resolve(), unfinished: () => Promise.resolve([]) };
const { signal } = new AbortController();
await runSteps(run.steps, { runId: 'bench', journal, clock, events: () => undefined, signal }).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 5;
});
await web.close();
process.stdout.write(`${run.result()?.summary ?? 'no result'}\n`);
