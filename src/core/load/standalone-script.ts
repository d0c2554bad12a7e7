import type { WebTarget } from '../ports/web.ts';
import { bucketCount, bucketGrowth } from './buckets.ts';
import { callerName, type SignedInCaller } from '../smoke/caller.ts';
import type { LoadRequest, LoadSettings, LoadStage } from './load.ts';
import { k6Options, rampMs } from './profile.ts';
import { bodyText, loadUserAgent } from './request.ts';
import { journeyCallers, scriptVariables, signInSecrets, signInText } from './script-sign-in.ts';
import { objectText, text } from './script-text.ts';
import { valveLimit, valveSeconds } from './valve.ts';

/** Where the script writes its result: the name that the original plan's script has. */
export const standaloneResult = 'staging-load-test-results.json';

/** Begins the line of the summary that `JV_SUMMARY=line` puts on stdout, for whoever collects a fleet. */
export const summaryLineStart = 'jv-staging-summary ';

/** The executor of the clock takes no less. */
const shortestMs = 1000;

/** How often a process looks at the clock. */
const beatMs = 50;

/** How late a process is itself; its 95th percentile tells a saturated one. */
export const lateMetric = 'jv_late_ms';

/** Classes of failures without an answer, and so without a time, as `k6ErrorClass` has them. */
export const untimedClasses: readonly string[] = ['refused', 'reset', 'dns', 'tls', 'other'];

/** Statuses that are counted one by one; the others count as `other_status`. */
const countedStatuses = [200, 201, 202, 204, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 422, 425, 429];
const countedServerErrors = [500, 501, 502, 503, 504, 508, 520, 521, 522, 523, 524];

/** What is compiled. */
export interface StandaloneInput {
  readonly target: Pick<WebTarget, 'origin' | 'resolve'>;
  readonly settings: LoadSettings;
  readonly stages: readonly LoadStage[];
  /** Bound on one request. */
  readonly timeoutMs: number;
  /** How many k6 processes share the load; default 1. */
  readonly processes?: number | undefined;
}

/**
 * Returns the load of a configuration as a k6 script that needs nothing but k6: journey, ramp and thresholds are readable at its
 * top, and what is secret comes from environment variables.
 */
export function standaloneScript(input: StandaloneInput): string {
  const { settings, target } = input;
  const callers = journeyCallers(settings.journey);
  return `${head(input, callers)}
const origin = __ENV.${scriptVariables.origin} || ${text(target.origin)};

const journey = [
${settings.journey.map(requestText).join('\n')}
];

export const options = ${objectText(options(input))};

${signInText(callers, input.stages)}export default function (${callers.length === 0 ? '' : 'sessions'}) {
  for (const [index, request] of journey.entries()) {
    const ${callers.length === 0 ? '' : 'session = sessions[request.as], '}body = request.body${callers.length === 0 ? '()' : '(session)'};
    const response = http.request(request.method, origin + request.path, body, {
      headers: headersOf(${callers.length === 0 ? 'body' : 'body, session'}),
      tags: { name: request.id },
      timeout: ${input.timeoutMs},
      jar: new http.CookieJar(),
      // An answer is read to its end and not kept: neither a giant nor a compressed one takes memory.
      responseType: 'none',
      responseCallback: http.expectedStatuses(request.status),
    });
    check(response, { [\`\${request.id} answers \${request.status}\`]: (answer) => answer.status === request.status });
    if (request.maxMs > 0) check(response, { [\`\${request.id} < \${request.maxMs} ms\`]: (answer) => answer.timings.duration < request.maxMs });
    count(index, request, response);
    if (request.thinkMs > 0) sleep(request.thinkMs / 1000);
  }
  iterations.add(1);
}

${countingText(input)}`;
}

function head({ settings }: StandaloneInput, callers: readonly SignedInCaller[]): string {
  const { origin, bypass } = scriptVariables;
  return `// Written by jv-staging from the load settings of the configuration. Run it with:
//   ${signInSecrets(callers)
    .map((name) => `export ${name}=…   # never on the command line\n//   `)
    .join('')}k6 run script.js
// ${origin} sends it elsewhere; ${bypass} passes Vercel's deployment protection. It is red from
// ${settings.thresholds.p95Ms} ms at the 95th percentile or ${settings.thresholds.errorRate * 100} % failed requests on, and writes ${standaloneResult}.
import http from 'k6/http';
import { check${callers.length === 0 ? '' : ', fail'}, sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
`;
}

function requestText({ id, method, path, as, body, status, maxMs, thinkMs }: LoadRequest): string {
  const fields = {
    id,
    method,
    path,
    ...(as === 'nobody' ? {} : { as: callerName(as) }),
    status,
    ...(maxMs === undefined ? {} : { maxMs }),
    thinkMs,
  };
  const written = Object.entries(fields).map(([name, value]) => `${name}: ${text(value)}`);
  return `  { ${written.join(', ')}, body: (${/\{user\./.test(bodyText(body) ?? '') ? 'session' : ''}) => ${bodyExpression(body)} },`;
}

/** Returns the expression of a body: placeholders are filled when it is sent, as `fillPlaceholders` does. */
function bodyExpression(body: unknown): string {
  if (body === undefined) return 'null';
  return typeof body === 'string' ? literal(body) : `JSON.stringify(${valueText(body)})`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, item]) => `${/^[a-z]\w*$/i.test(name) ? name : text(name)}: ${valueText(item)}`)
    .join(', ')} }`;
}

function literal(value: string): string {
  const parts = value.split(/(\{(?:user\.id|user\.email|today(?:\+\d{1,4})?)\})/);
  if (parts.length === 1) return text(value);
  const terms = parts.flatMap((part) => {
    if (part === '') return [];
    if (part === '{user.id}') return ['session.id'];
    if (part === '{user.email}') return ['session.email'];
    const day = /^\{today(?:\+(\d+))?\}$/.exec(part);
    return [day === null ? text(part) : `dayFromNow(${day[1] ?? 0})`];
  });
  return terms.join(' + ');
}

function options({ settings, stages, target, processes }: StandaloneInput) {
  const journey = k6Options(stages);
  return {
    ...journey,
    scenarios: {
      ...journey.scenarios,
      // k6 gives each of several processes its share: one clock each.
      clock: {
        executor: 'constant-vus',
        exec: 'clock',
        vus: processes ?? 1,
        duration: `${Math.max(shortestMs, rampMs(stages))}ms`,
        gracefulStop: '0s',
      },
    },
    thresholds: {
      'http_req_duration{scenario:journey}': [`p(95)<${settings.thresholds.p95Ms}`],
      'http_req_failed{scenario:journey}': [
        `rate<${settings.thresholds.errorRate}`,
        // The abort valve, where nobody watches the run from outside.
        { threshold: `rate<${valveLimit(settings.thresholds.errorRate)}`, abortOnFail: true, delayAbortEval: `${valveSeconds}s` },
      ],
      // A percentile over no request would pass.
      'http_reqs{scenario:journey}': ['count>0'],
    },
    ...(Object.keys(target.resolve).length === 0 ? {} : { hosts: target.resolve }),
    summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'count'],
  };
}

function countingText({ settings, timeoutMs }: StandaloneInput): string {
  const classes = JSON.stringify([...countedStatuses, ...countedServerErrors, 'timeout', ...untimedClasses, 'other_status'].map(String));
  return `function headersOf(body, session) {
  const headers = { 'user-agent': '${loadUserAgent}' };
  if (body !== null) headers['content-type'] = 'application/json';
  if (__ENV.${scriptVariables.bypass}) headers['x-vercel-protection-bypass'] = __ENV.${scriptVariables.bypass};
  return Object.assign(headers, session ? session.headers : {});
}

function dayFromNow(days) {
  return new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);
}

// Percentiles of several machines cannot be averaged, but counts can be added: each request's times are also counted in buckets, each
// ${Math.round((bucketGrowth - 1) * 100)} % wider than the one before.
const counters = (name, keys) => Object.fromEntries(keys.map((key) => [key, new Counter(name + key)]));
const tallies = journey.map((request, index) => ({
  times: new Trend(\`jv_r\${index}_ms\`, true),
  buckets: counters(\`jv_r\${index}_ms_\`, [...Array(${bucketCount(timeoutMs * 1.02)}).keys()]),
  errors: counters(\`jv_r\${index}_error_\`, ${classes}),
  graceful: counters(\`jv_r\${index}_graceful_\`, ['429', '503']),
  slow: new Counter(\`jv_r\${index}_slow\`),
}));

// Beside the journey one virtual user of each process only looks at the clock: a process that is late itself measures itself.
const late = new Trend('${lateMetric}', true);
const iterations = new Counter('jv_iterations');

export function clock() {
  for (;;) {
    const fromMs = Date.now();
    sleep(${beatMs / 1000});
    late.add(Math.max(0, Date.now() - fromMs - ${beatMs}));
  }
}

function count(index, request, response) {
  const { times, buckets, errors, graceful, slow } = tallies[index];
  const failure = response.status === 0 ? failureClass(response.error_code) : null;
  const ms = failure === 'timeout' ? ${timeoutMs} : response.timings.duration;
  if (failure === null || failure === 'timeout') {
    times.add(ms);
    if (ms >= request.maxMs) slow.add(1);
    buckets[Math.min(${bucketCount(timeoutMs * 1.02) - 1}, ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(${bucketGrowth})))].add(1);
  }
  if (response.status === request.status) return;
  const name = failure === null ? String(response.status) : failure;
  (errors[name] || errors.other_status).add(1);
  // 429 and 503 that say when to come back: refused in good order.
  if (graceful[name] && response.headers['Retry-After']) graceful[name].add(1);
}

function failureClass(code) {
  if (code === 1050 || code === 1211) return 'timeout';
  if (code >= 1210 && code <= 1213) return 'refused';
  if (code >= 1200 && code <= 1220) return 'reset';
  if (code >= 1100 && code < 1200) return 'dns';
  return code >= 1300 && code < 1400 ? 'tls' : 'other';
}

${summaryText(settings)}`;
}

function summaryText({ thresholds }: LoadSettings): string {
  return `export function handleSummary(data) {
  if (__ENV.JV_SUMMARY === 'line') return { stdout: \`${summaryLineStart}\${JSON.stringify(ownFigures(data))}\\n\` };
  const { values } = data.metrics['http_req_duration{scenario:journey}'];
  const failed = data.metrics['http_req_failed{scenario:journey}'].values.rate;
  return {
    '${standaloneResult}': JSON.stringify(data, null, 2),
    stdout: \`\${values.count} requests, p95 \${Math.round(values['p(95)'])} ms (limit ${thresholds.p95Ms}), \${(failed * 100).toFixed(2)} % failed (limit ${thresholds.errorRate * 100})\\n\`,
  };
}

/** What is added up over a fleet. */
function ownFigures({ metrics, state }) {
  const own = Object.entries(metrics).filter(([name]) => name.startsWith('jv_'));
  const vus = { max: metrics.vus_max.values.max - 1 };
  return { durationMs: state.testRunDurationMs, metrics: { jv_vus: vus, ...Object.fromEntries(own.map(([name, metric]) => [name, metric.values])) } };
}
`;
}
