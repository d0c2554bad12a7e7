import { k6Options } from '../../core/load/profile.ts';
import { sentRequests } from '../../core/load/request.ts';
import { gracefulMetric } from './graceful-metric.ts';
import type { LoadPlan } from '../../core/ports/measure.ts';

/** Name of the environment variable that leads the script to the file with headers and bodies. */
export const secretsVariable = 'JV_LOAD_SECRETS';

/** Returns the k6 script of a plan. It holds no secret: headers and bodies are read from the file of `k6Secrets`. */
export function k6Script(plan: LoadPlan): string {
  const journey = sentRequests(plan).map(({ id, method, path, status, maxMs, thinkMs }) => ({ id, method, path, status, maxMs, thinkMs }));
  return `// Written by jv-staging from the load settings of the configuration.
// Headers and bodies hold sessions: they stand in the JSON file that ${secretsVariable} names, by request id.
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import { check, sleep } from 'k6';

const origin = ${JSON.stringify(plan.target.origin)};

const journey = [
${journey.map((request) => `  ${JSON.stringify(request)},`).join('\n')}
];

// 429 and 503 that say when to come back: refused in good order.
const graceful = new Counter('${gracefulMetric}');

const sent = JSON.parse(open(__ENV.${secretsVariable}));

export const options = ${JSON.stringify(scriptOptions(plan), null, 2)};

export default function () {
  for (const request of journey) {
    const { headers, body } = sent[request.id];
    const response = http.request(request.method, origin + request.path, body, {
      headers,
      tags: { name: request.id },
      timeout: ${plan.timeoutMs},
      jar: new http.CookieJar(),
      responseCallback: http.expectedStatuses(request.status),
    });
    check(response, { [\`\${request.id} answers \${request.status}\`]: (answer) => answer.status === request.status });
    if ([429, 503].includes(response.status) && response.status !== request.status && response.headers['Retry-After']) {
      graceful.add(1, { status: String(response.status) });
    }
    if (request.thinkMs > 0) sleep(request.thinkMs / 1000);
  }
}
`;
}

/** Returns what the script reads: headers and bodies by request id. Secret. */
export function k6Secrets(plan: LoadPlan): string {
  return JSON.stringify(Object.fromEntries(sentRequests(plan).map(({ id, headers, body }) => [id, { headers, body: body ?? null }])));
}

function scriptOptions(plan: LoadPlan) {
  return {
    ...k6Options(plan.stages),
    // Without a port k6 keeps the one of the address.
    hosts: plan.target.resolve,
    discardResponseBodies: true,
    systemTags: ['name', 'status', 'error_code'],
  };
}
