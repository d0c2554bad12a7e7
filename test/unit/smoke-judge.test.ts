import { expect, test } from 'vitest';
import type { WebFailureClass, WebOutcome } from '../../src/core/ports/web.ts';
import { judgeQueue, judgeRealtime } from '../../src/core/smoke/probe-judge.ts';
import { judgeApi, judgeHeaders, judgeHealth, judgeNegative, judgePage } from '../../src/core/smoke/judge.ts';
import type {
  ApiCheck,
  HeadersCheck,
  HealthCheck,
  NegativeCheck,
  PageCheck,
  QueueCheck,
  RealtimeCheck,
} from '../../src/core/smoke/smoke.ts';
import type { Finding } from '../../src/core/verdict.ts';

const origin = 'https://staging.example.com';
const sha = '0123456789abcdef0123456789abcdef01234567';
const otherSha = 'fedcba9876543210fedcba9876543210fedcba98';
const expected = { environment: 'staging', sentryEnvironment: 'staging', gitSha: sha };
const html = { 'content-type': 'text/html; charset=utf-8' };
const json = { 'content-type': 'application/json' };

function answer(status: number, headers: Record<string, string>, body: string): WebOutcome {
  return { kind: 'answer', status, headers, body, durationMs: 12 };
}

function failure(kind: WebFailureClass, message = 'it broke'): WebOutcome {
  return { kind: 'failure', class: kind, message, durationMs: 10_000 };
}

function context(path: string, bypass = false) {
  return { origin, path, bypass, timeoutMs: 10_000 };
}

function expectRed(finding: Finding, pattern: RegExp): void {
  expect(finding).toMatchObject({ verdict: 'red', message: expect.stringMatching(pattern), fix: expect.stringMatching(/^[A-Z][a-z]+ /) });
  expect(finding.seen).not.toBe('');
  expect(finding.expected).not.toBe('');
  expect(finding.message).toMatch(/\.$/);
}

/** Every sabotage has its own sentence: no two rows of a table may come to the same message. */
function expectDistinct(findings: readonly Finding[]): void {
  const messages = findings.map((finding) => finding.message);
  expect(new Set(messages).size).toBe(messages.length);
}

const home: PageCheck = {
  id: 'home',
  title: 'Home page',
  kind: 'page',
  path: '/',
  as: 'nobody',
  status: 200,
  marker: 'JetVision Assistant',
  timeoutMs: 10_000,
};
const homePage = '<!doctype html><html><head><title>JetVision</title></head><body><h1>JetVision Assistant</h1><p>Fly.</p></body></html>';
const vercelWall =
  '<!doctype html><html lang=en><head><title>Authentication Required</title></head><body><noscript><meta http-equiv=refresh content="1; URL=https://vercel.com/sso-api?url=x&nonce=y"></noscript></body></html>';

const pageSabotages: readonly (readonly [string, WebOutcome, RegExp])[] = [
  ['does not answer in time', failure('timeout'), /did not answer completely within 10000 ms/],
  ['nothing listens', failure('refused'), /Nothing listens at staging\.example\.com/],
  ['connection cut', failure('reset'), /closed the connection before its answer was complete/],
  ['unknown host', failure('dns'), /host name staging\.example\.com is not known/],
  ['untrusted certificate', failure('tls', 'self-signed certificate'), /TLS connection .* cannot be trusted: self-signed certificate/],
  ['600 MB answer', failure('too-large', 'more than 5242880 bytes'), /far too much: more than 5242880 bytes/],
  ['no HTTP', failure('other', 'Parse Error: Expected HTTP/'), /gave no usable answer: Parse Error/],
  ['server error', answer(500, json, '{"error":"boom"}'), /status 500, not 200: "boom"/],
  [
    'crashed function',
    answer(500, { ...html, 'x-vercel-error': 'FUNCTION_INVOCATION_FAILED' }, '<p>x</p>'),
    /status 500, not 200: FUNCTION_INVOCATION_FAILED/,
  ],
  [
    'no deployment',
    answer(404, { ...html, 'x-vercel-error': 'DEPLOYMENT_NOT_FOUND' }, '<p>x</p>'),
    /status 404, not 200: DEPLOYMENT_NOT_FOUND/,
  ],
  [
    'login wall by redirect',
    answer(302, { location: 'https://vercel.com/sso-api?url=https%3A%2F%2Fstaging.example.com%2F&nonce=1' }, ''),
    /login wall \(Vercel Deployment Protection\)/,
  ],
  [
    'sign-in of another product',
    answer(302, { location: 'https://team.cloudflareaccess.com/cdn-cgi/access/login' }, ''),
    /login wall \(Cloudflare Access\)/,
  ],
  ['bot check', answer(403, { ...html, 'x-vercel-mitigated': 'challenge' }, '<p>x</p>'), /firewall \(challenge\) answered/],
  ['basic authentication', answer(401, { 'www-authenticate': 'Basic realm="staging"' }, 'no'), /login wall \(HTTP basic authentication\)/],
  [
    'redirect to another host',
    answer(301, { location: 'https://www.example.org/' }, ''),
    /redirects to another address, https:\/\/www\.example\.org\//,
  ],
  ['redirect to the sign-in page', answer(307, { location: '/sign-in?next=/' }, ''), /redirects to the sign-in page \/sign-in/],
  ['redirect elsewhere', answer(308, { location: '/de' }, ''), /redirects to \/de instead of answering/],
  ['redirect without location', answer(302, {}, ''), /redirects to nowhere/],
  ['empty body', answer(200, html, ''), /answered with an empty body/],
  ['blank page', answer(200, html, '<!doctype html><html><body></body></html>'), /a page with nothing in it/],
  [
    'parked domain',
    answer(200, html, '<html><title>example.com</title><body>Buy this domain today!</body></html>'),
    /parked domain answered .*"Buy this domain"/,
  ],
  [
    'placeholder',
    answer(200, html, '<html><title>Welcome to nginx!</title><body><h1>Welcome to nginx!</h1></body></html>'),
    /placeholder answered .*"Welcome to nginx!"/,
  ],
  [
    'error page with status 200',
    answer(200, html, '<html><title>500: Internal Server Error</title><h1>JetVision Assistant</h1></html>'),
    /error page answered \/ with status 200/,
  ],
  ['JSON for HTML', answer(200, json, '{"ok":true}'), /answered with no HTML .* where a page was expected/],
  ['another app', answer(200, html, '<html><title>Other</title><h1>Other</h1></html>'), /does not show "JetVision Assistant"/],
  ['sign-in form', answer(200, html, '<html><title>Welcome</title><form><input type="password"></form></html>'), /sign-in form answered/],
];

test.each(pageSabotages)('page: %s is red with its own message', (_name, outcome, message) => {
  expectRed(judgePage(home, outcome, context('/')), message);
});

test('page: no two sabotages come to the same message', () => {
  expect(pageSabotages.length).toBeGreaterThanOrEqual(25);
  expectDistinct(pageSabotages.map(([, outcome]) => judgePage(home, outcome, context('/'))));
});

test('page: the control is green and says what was seen', () => {
  expect(judgePage(home, answer(200, html, homePage), context('/'))).toEqual({
    id: 'home',
    title: 'Home page',
    verdict: 'green',
    seen: 'status 200 with "JetVision Assistant"',
    expected: 'status 200 with "JetVision Assistant"',
    durationMs: 12,
  });
});

test("page: Vercel's wall of status 401 is named, and the fix tells whether a secret was sent", () => {
  const wall = answer(401, { ...html, 'set-cookie': '_vercel_sso_nonce=abc; Path=/' }, vercelWall);

  expectRed(judgePage(home, wall, context('/')), /login wall \(Vercel Deployment Protection\)/);
  expect(judgePage(home, wall, context('/')).fix).toMatch(/Set VERCEL_AUTOMATION_BYPASS_SECRET to the protection bypass secret/);
  expect(judgePage(home, wall, context('/', true)).fix).toMatch(/the one that was sent was not accepted/);
});

test('page: a page without a known marker is green when it is a page, and still red behind a wall', () => {
  const any = { ...home, marker: '' };

  expect(judgePage(any, answer(200, html, '<html><title>Hi</title><body>Hello</body></html>'), context('/')).verdict).toBe('green');
  expectRed(judgePage(any, answer(200, html, vercelWall), context('/')), /login wall/);
});

const dashboard: PageCheck = {
  ...home,
  id: 'dashboard',
  path: '/dashboard',
  as: { user: 'agent1@staging.test' },
  marker: '<h1>Dashboard</h1>',
};

test('page: a signed-in page must show that user', () => {
  const mine = answer(200, html, '<html><h1>Dashboard</h1><p>agent1@staging.test</p></html>');
  const theirs = answer(200, html, '<html><h1>Dashboard</h1><p>agent2@staging.test</p></html>');

  expect(judgePage(dashboard, mine, context('/dashboard'), 'agent1@staging.test').verdict).toBe('green');
  expectRed(
    judgePage(dashboard, theirs, context('/dashboard'), 'agent1@staging.test'),
    /does not show the signed-in user agent1@staging\.test/,
  );
});

const signedOut: PageCheck = { ...home, id: 'signed-out', path: '/dashboard', status: 307, marker: '/sign-in' };

test.each([
  ["a wall's redirect", answer(307, { location: 'https://vercel.com/sso-api?url=%2Fsign-in' }, ''), /login wall/],
  ['a redirect elsewhere here', answer(307, { location: '/' }, ''), /does not show "\/sign-in"/],
  ['a redirect to another host', answer(307, { location: 'https://evil.example/' }, ''), /redirects to another address/],
  ['the page itself', answer(200, html, '<html><h1>Dashboard</h1></html>'), /status 200, not 307/],
  ['another kind of redirect', answer(301, { location: '/sign-in' }, ''), /status 301, not 307/],
])('page: where a redirect is expected, %s is red', (_name, outcome, message) => {
  expectRed(judgePage(signedOut, outcome, context('/dashboard')), message);
});

test('page: an expected redirect to the sign-in page is green', () => {
  expect(judgePage(signedOut, answer(307, { location: '/sign-in?next=/dashboard' }, ''), context('/dashboard')).verdict).toBe('green');
  expect(judgePage(signedOut, answer(307, { location: 'https://accounts.example.com/sign-in' }, ''), context('/dashboard')).verdict).toBe(
    'green',
  );
});

const health: HealthCheck = { id: 'health', title: 'Health', kind: 'health', path: '/api/health', timeoutMs: 10_000 };
const contract = {
  status: 'ok',
  environment: 'staging',
  version: sha,
  deployment: 'dpl_1',
  database: 'connected',
  redis: 'connected',
  sentry: { environment: 'staging' },
  memory: { rssBytes: 1000, heapUsedBytes: 500 },
};

function judged(body: unknown, status = 200, expectation: typeof expected & { deploymentId?: string } = expected): Finding {
  return judgeHealth(
    health,
    answer(status, json, typeof body === 'string' ? body : JSON.stringify(body)),
    context('/api/health'),
    expectation,
  ).finding;
}

const healthSabotages: readonly (readonly [string, Finding, RegExp])[] = [
  ['wrong environment', judged({ ...contract, environment: 'production' }), /environment that answers is "production", not "staging"/],
  ['no environment', judged({ ...contract, environment: undefined }), /no usable environment/],
  ['environment of a wrong type', judged({ ...contract, environment: { name: 'staging' }, status: 'x' }), /no usable environment/],
  ['wrong commit', judged({ ...contract, version: otherSha }), /Commit fedcba987654 answers, not 0123456789ab/],
  ['no commit', judged({ ...contract, version: null }), /no usable version/],
  ['empty commit', judged({ ...contract, version: '' }), /no usable version/],
  ['database gone', judged({ ...contract, database: 'disconnected', status: 'degraded' }, 503), /its database is "disconnected"/],
  ['redis gone', judged({ ...contract, redis: 'disconnected', status: 'degraded' }, 503), /its redis is "disconnected"/],
  ['database not told', judged({ ...contract, database: true }), /no usable database/],
  [
    'Sentry tagged production',
    judged({ ...contract, sentry: { environment: 'production' } }),
    /Sentry events .* tagged "production", not "staging"/,
  ],
  ['no Sentry tag', judged({ ...contract, sentry: null }), /no usable sentry\.environment/],
  [
    'memory as text',
    judged({ ...contract, memory: { rssBytes: '1000', heapUsedBytes: 0 } }),
    /no usable memory\.rssBytes and memory\.heapUsedBytes/,
  ],
  ['degraded though connected', judged({ ...contract, status: 'degraded' }), /its status is "degraded"/],
  ['503 though connected', judged(contract, 503), /status 503 although/],
  ['HTML', judged('<!doctype html><title>App</title><h1>Hi</h1>'), /HTML where JSON was expected/],
  ['text', judged('staging'), /text that is not JSON/],
  ['truncated JSON', judged('{"status":"ok"'), /text that is not JSON/],
  ['null', judged('null'), /JSON that is not an object/],
  ['a list', judged('[]'), /JSON that is not an object/],
  ['empty body', judged(''), /empty body/],
  ['not found', judged({ error: 'not found' }, 404), /status 404, not 200: "not found"/],
  [
    'wrong deployment',
    judged({ ...contract, deployment: 'dpl_2' }, 200, { ...expected, deploymentId: 'dpl_1' }),
    /Deployment "dpl_2" answers, not "dpl_1"/,
  ],
];

test.each(healthSabotages)('health: %s is red with its own message', (_name, finding, message) => {
  expectRed(finding, message);
});

test('health: each fault is named once, and several are all named', () => {
  const finding = judged({ ...contract, environment: 'production', redis: 'disconnected', version: otherSha }, 503);

  expect(finding.seen).toBe('environment "production"; commit fedcba987654; redis "disconnected"');
  expect(finding.expected).toBe('environment "staging"; commit 0123456789ab; redis "connected"');
});

test('health: the control is green, with and without a known commit, and with a shortened one', () => {
  expect(judged(contract)).toMatchObject({
    verdict: 'green',
    seen: 'environment "staging", commit 0123456789ab, database and redis connected',
  });
  expect(judged({ ...contract, version: sha.slice(0, 7) }).verdict).toBe('green');
  const anyCommit = { environment: 'staging', sentryEnvironment: 'staging' };
  expect(
    judgeHealth(health, answer(200, json, JSON.stringify({ ...contract, version: otherSha })), context('/api/health'), anyCommit).finding
      .verdict,
  ).toBe('green');
});

test('health: names of the prototype are no values', () => {
  expectRed(judged('{"__proto__":{"environment":"staging"},"status":"ok"}'), /no usable environment/);
});

const create: ApiCheck = {
  id: 'create',
  title: 'Create a request',
  kind: 'api',
  method: 'POST',
  path: '/api/requests',
  as: { user: 'agent1@staging.test' },
  body: {},
  status: 201,
  fields: { 'request.id': 'string', 'job.queue': 'string', 'request.passengers': 'number' },
  timeoutMs: 10_000,
};
const created = { request: { id: 'r1', passengers: 4 }, job: { id: '1', queue: 'flight-requests' } };
const list: ApiCheck = { ...create, id: 'list', method: 'GET', status: 200, fields: { requests: 'array' }, notEmpty: 'requests' };

function api(check: ApiCheck, status: number, body: unknown, headers = json): Finding {
  return judgeApi(check, answer(status, headers, typeof body === 'string' ? body : JSON.stringify(body)), context(check.path)).finding;
}

test.each([
  ['401 for 201', api(create, 401, { error: 'not signed in' }), /status 401, not 201: "not signed in"/],
  ['200 for 201 (status exactly)', api(create, 200, created), /status 200, not 201/],
  ['HTML for JSON', api(create, 201, homePage, html), /HTML where JSON was expected/],
  ['a field missing', api(create, 201, { ...created, job: {} }), /has nothing at `job\.queue`, not string/],
  [
    'a field of another type',
    api(create, 201, { ...created, request: { id: 'r1', passengers: '4' } }),
    /has string at `request\.passengers`, not number/,
  ],
  ['null for an object', api(create, 201, 'null'), /has nothing at `request\.id`/],
  ['an empty body', api(create, 201, ''), /empty body/],
  ['an empty list', api(list, 200, { requests: [] }), /nothing in `requests`/],
  ['an object for the list', api(list, 200, { requests: { 0: 'x' } }), /has object at `requests`, not array/],
  [
    'HTML though no field is expected',
    api({ ...list, fields: {}, notEmpty: undefined }, 200, homePage, html),
    /HTML where JSON was expected/,
  ],
  [
    "a wall's 401 page where the app's own 401 was expected",
    api({ ...create, status: 401, fields: {} }, 401, vercelWall, html),
    /login wall/,
  ],
])('api: %s is red', (_name, finding, message) => {
  expectRed(finding, message);
});

test('api: the controls are green', () => {
  expect(api(create, 201, created).verdict).toBe('green');
  expect(api(list, 200, { requests: [{}] }).verdict).toBe('green');
  expect(api({ ...create, as: 'nobody', status: 401, fields: { error: 'string' } }, 401, { error: 'not signed in' }).verdict).toBe('green');
});

const headers: HeadersCheck = {
  id: 'headers',
  title: 'Headers',
  kind: 'headers',
  path: '/',
  headers: { 'X-Robots-Tag': 'noindex', 'strict-transport-security': 'max-age=' },
  timeoutMs: 10_000,
};
const good = { ...html, 'x-robots-tag': 'NOINDEX, nofollow', 'strict-transport-security': 'max-age=63072000' };

test.each([
  ['a header missing', answer(200, { ...html, 'x-robots-tag': 'noindex' }, homePage), /without the header strict-transport-security/],
  ['another value', answer(200, { ...good, 'x-robots-tag': 'all' }, homePage), /X-Robots-Tag "all", without "noindex"/],
  ['an error page with the right headers', answer(500, good, '<p>x</p>'), /status 500, not 200/],
  ['a wall with the right headers', answer(401, good, vercelWall), /login wall/],
])('headers: %s is red', (_name, outcome, message) => {
  expectRed(judgeHeaders(headers, outcome, context('/')), message);
});

test('headers: the control is green, whatever the case', () => {
  expect(judgeHeaders(headers, answer(200, good, homePage), context('/')).verdict).toBe('green');
});

const negative: NegativeCheck = {
  id: 'negative',
  title: 'Negative',
  kind: 'negative',
  path: '/',
  absent: ['TODO-REMOVE'],
  timeoutMs: 10_000,
};
const forbidden = {
  texts: [],
  production: {
    domains: ['example.com'],
    vercelProjects: ['jetvision'],
    supabaseProjects: ['abcdefghijklmnopqrst'],
    upstashDatabases: ['jetvision-prod'],
  },
  secrets: { REDIS_URL: 'rediss://default:s3cret@h:6379' },
};

function jwt(claims: object): string {
  return `${btoa('{"alg":"HS256","typ":"JWT"}').replaceAll('=', '')}.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.c2lnbmF0dXJlc2lnbmF0dXJl`;
}

function negativeOf(script: string | WebOutcome): Finding {
  const outcome = typeof script === 'string' ? answer(200, { 'content-type': 'text/javascript' }, script) : script;
  return judgeNegative(negative, answer(200, html, homePage), [{ path: '/app.js', outcome }], context('/'), forbidden);
}

test.each([
  ['a production host', negativeOf('fetch("https://example.com/api")'), /\/app\.js contains production host example\.com/],
  ['an escaped production host', negativeOf('u="https%3A%2F%2Fexample.com"'), /production host example\.com/],
  ['a production host behind credentials', negativeOf('"postgres://u:p@example.com:5432/db"'), /production host example\.com/],
  ["production's Vercel address", negativeOf('"https://jetvision.vercel.app"'), /production host jetvision\.vercel\.app/],
  ["production's Supabase project", negativeOf('"https://abcdefghijklmnopqrst.supabase.co"'), /production Supabase project/],
  ["production's anon key", negativeOf(`k="${jwt({ role: 'anon', ref: 'abcdefghijklmnopqrst' })}"`), /production Supabase project/],
  ["production's Upstash database", negativeOf('"jetvision-prod"'), /production Upstash database/],
  ['a service-role key', negativeOf(`k="${jwt({ role: 'service_role', ref: 'x' })}"`), /a Supabase service key/],
  ['a new secret key', negativeOf('k="sb_secret_N7UND0UgjKTVK"'), /a Supabase service key/],
  ['a secret of the environment', negativeOf('k="rediss://default:s3cret@h:6379"'), /the value of REDIS_URL/],
  ['a forbidden text', negativeOf('// TODO-REMOVE'), /contains "TODO-REMOVE"/],
  ['a script that cannot be read', negativeOf(answer(404, html, '<p>x</p>')), /\/app\.js answered with status 404/],
  ['HTML for a script', negativeOf(answer(200, html, homePage)), /answered with HTML where a script was expected/],
])('negative: %s is red', (_name, finding, message) => {
  expectRed(finding, message);
});

test('negative: a secret is told by name, never by value', () => {
  expect(JSON.stringify(negativeOf('k="rediss://default:s3cret@h:6379"'))).not.toContain('s3cret');
});

test('negative: the control is green and says how much was read', () => {
  const text = `"https://staging.example.com" "x.example.com.au" "support@example.com" "jetvision-staging.vercel.app" "jetvision-prod-2" k="${jwt({ role: 'anon', ref: 'zzzzzzzzzzzzzzzzzzzz' })}"`;

  expect(negativeOf(text)).toMatchObject({ verdict: 'green', seen: 'none in the page and 1 script' });
});

const realtime: RealtimeCheck = {
  id: 'realtime',
  title: 'Realtime',
  kind: 'realtime',
  table: 'flight_requests',
  as: { user: 'a@b.test' },
  row: {},
  timeoutMs: 5000,
};

test.each([
  ['subscribe', /did not accept the subscription to flight_requests: gone/],
  ['insert', /could not insert a row into flight_requests: gone/],
  ['event', /no event of it arrived: gone/],
] as const)('realtime: silence at %s is red', (stage, message) => {
  expectRed(judgeRealtime(realtime, { kind: 'silent', stage, message: 'gone' }, 5000), message);
});

test('realtime: an event is green', () => {
  expect(judgeRealtime(realtime, { kind: 'event', afterMs: 41.7 }, 60)).toMatchObject({ verdict: 'green', seen: 'an event after 42 ms' });
});

const queue: QueueCheck = {
  id: 'queue',
  title: 'Queue',
  kind: 'queue',
  queue: 'flight-requests',
  worker: '/api/worker?queue=flight-requests',
  timeoutMs: 5000,
};
const drained = answer(200, json, '{"processed":1,"failed":0,"remaining":0,"deployment":"dpl_1"}');
const jobResult = { probe: true, deployment: 'dpl_1', environment: 'staging', version: sha };
const deployed = { ...expected, deploymentId: 'dpl_1' };

test.each([
  ['failed', drained, { state: 'failed', reason: 'no such table' }, /worker failed on the probe job .*"no such table"/],
  ['waiting', drained, { state: 'waiting', waitedMs: 5000 }, /never begun: no worker of the app takes jobs/],
  ['active', drained, { state: 'active', waitedMs: 5000 }, /begun but never finished: the worker stalled/],
  ['unauthorised worker', answer(401, json, '{"error":"no"}'), { state: 'waiting', waitedMs: 1 }, /status 401, not 200/],
  [
    'unauthorised worker though the job was completed by another call',
    answer(401, json, '{"error":"no"}'),
    { state: 'completed', result: jobResult, durationMs: 5 },
    /status 401, not 200/,
  ],
  ['crashed worker', answer(500, json, '{"error":"boom"}'), { state: 'waiting', waitedMs: 1 }, /status 500, not 200: "boom"/],
  [
    'processed by another environment',
    drained,
    { state: 'completed', result: { ...jobResult, environment: 'production' }, durationMs: 5 },
    /processed with environment "production", not "staging"/,
  ],
  [
    'processed by another deployment',
    drained,
    { state: 'completed', result: { ...jobResult, deployment: 'dpl_0' }, durationMs: 5 },
    /processed with deployment "dpl_0", not "dpl_1"/,
  ],
  [
    'processed by another commit',
    drained,
    { state: 'completed', result: { ...jobResult, version: otherSha }, durationMs: 5 },
    /processed with version/,
  ],
  ['no result', drained, { state: 'completed', result: null, durationMs: 5 }, /processed with environment nothing/],
] as const)('queue: %s is red', (_name, worker, job, message) => {
  expectRed(judgeQueue(queue, { worker, job, durationMs: 5 }, context(queue.worker), deployed), message);
});

test('queue: an unauthorised worker tells which secret to set', () => {
  const finding = judgeQueue(
    queue,
    { worker: answer(401, json, '{}'), job: { state: 'waiting', waitedMs: 1 }, durationMs: 5 },
    context(queue.worker),
    deployed,
  );

  expect(finding.fix).toMatch(/CRON_SECRET/);
});

test('queue: a job completed by this deployment is green', () => {
  const finding = judgeQueue(
    queue,
    { worker: drained, job: { state: 'completed', result: jobResult, durationMs: 31 }, durationMs: 40 },
    context(queue.worker),
    deployed,
  );

  expect(finding).toMatchObject({ verdict: 'green', seen: 'completed after 31 ms' });
});

test('what the other side says is cut, on one line and without control characters', () => {
  const hostile = `\u001b[31m\u202e${'x'.repeat(500)}\nnext`;
  const finding = judgePage(home, answer(500, json, JSON.stringify({ error: hostile })), context('/'));

  expect(finding.message).not.toMatch(/\p{Cc}|\p{Cf}/u);
  expect(finding.message?.length).toBeLessThan(200);
});

test('a health route that is not there is answered with what writes one', () => {
  const { finding } = judgeHealth(health, answer(404, json, '{}'), context('/api/health'), expected);

  expect(finding).toMatchObject({ verdict: 'red', fix: expect.stringContaining('`jv-staging init --health --keep`') });
});
