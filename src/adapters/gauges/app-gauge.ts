import { readHealth } from '../../core/smoke/health.ts';
import type { Gauge } from '../../core/ports/gauges.ts';
import type { WebClient, WebTarget } from '../../core/ports/web.ts';

/** Bound on one health request. */
const timeoutMs = 5000;

/** Returns the gauge of the app's memory, as its health answer says it. */
export function appGauge(web: WebClient, target: WebTarget, path: string): Gauge {
  return {
    name: 'app',
    read: async (signal) => {
      const outcome = await web.request(target, { method: 'GET', path, timeoutMs }, signal);
      if (outcome.kind === 'failure') throw new Error(`${path} did not answer (${outcome.class}).`);
      const health = readHealth(JSON.parse(outcome.body));
      if (health?.rssBytes === undefined || health.heapUsedBytes === undefined) {
        throw new Error(`${path} answered ${outcome.status} without \`memory: {rssBytes, heapUsedBytes}\`.`);
      }
      return { app: { rssBytes: health.rssBytes, heapUsedBytes: health.heapUsedBytes } };
    },
    close: async () => undefined,
  };
}
