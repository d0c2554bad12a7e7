import { z } from 'zod';
import type { Clock } from '../../core/ports/clock.ts';
import type { AlertRules, ErrorEvents, SentryPlace, TrackedEvent } from '../../core/ports/probes.ts';
import { type ApiClient, type ApiLimits, type ApiRequest, createApiClient } from '../http/api-client.ts';
import type { Vendor } from '../http/api-error.ts';
import { apiPath } from '../http/api-path.ts';

/** Where Sentry is. */
export interface SentryEventsOptions {
  /** Address of the local cloud's Sentry, or undefined for Sentry itself. */
  readonly localUrl?: string | undefined;
  readonly clock: Clock;
}

const vendor: Vendor = {
  code: 'SENTRY',
  name: 'Sentry',
  credentialFix:
    'Set SENTRY_AUTH_TOKEN to a token of the organisation that may read events and alert rules (scopes event:read, alerts:read; Sentry, Auth Tokens).',
};

// docs.sentry.io/api/events/retrieve-an-event-for-a-project, read 2026-11-22 for the local cloud: only the fields that are used.
const eventSchema = z.object({
  environment: z.string().nullish(),
  release: z.union([z.object({ version: z.string() }), z.string()]).nullish(),
  tags: z.array(z.object({ key: z.string(), value: z.string().nullable() })).default([]),
});

/** Pauses between two looks: an event is usually there after some seconds. */
const firstPauseMs = 100;
const longestPauseMs = 3000;

/** Returns the port over Sentry's web API; the token goes to Sentry alone, or to loopback. */
export function sentryEvents(options: SentryEventsOptions): ErrorEvents {
  const { clock } = options;
  return {
    event: async (place, eventId, timeoutMs, signal) => {
      const { organization, project } = place;
      const api = clientFor(options, place, { attempts: 2, attemptMs: 10_000, totalMs: Math.max(1000, timeoutMs) });
      const path = apiPath`/api/0/projects/${organization}/${project}/events/${eventId}/`;
      const request: ApiRequest = { method: 'GET', path, accept: [404], signal };
      const endMs = clock.nowMs() + timeoutMs;
      try {
        for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
          const answer = await api.send(request);
          if (answer.status !== 404) return trackedEvent(api.parse(request, answer, eventSchema));
          if (clock.nowMs() + pauseMs >= endMs) return undefined;
          await clock.sleep(pauseMs, signal);
        }
      } finally {
        await api.close();
      }
    },
  };
}

// docs.sentry.io/api/alerts/list-a-projects-issue-alert-rules, read 2026-11-27: active rules alone; only the fields that are used.
const rulesSchema = z.array(z.object({ name: z.string(), environment: z.string().nullish(), actions: z.array(z.unknown()).default([]) }));

/** Returns the port over Sentry's web API; the token goes to Sentry alone, or to loopback. */
export function sentryAlertRules(options: SentryEventsOptions): AlertRules {
  return {
    list: async (place, signal) => {
      const api = clientFor(options, place);
      const path = apiPath`/api/0/projects/${place.organization}/${place.project}/rules/`;
      const rules = await api.read({ method: 'GET', path, signal }, rulesSchema).finally(() => void api.close());
      return rules.map(({ name, environment, actions }) => ({ name, environment: environment ?? null, actions: actions.length }));
    },
  };
}

function clientFor({ localUrl, clock }: SentryEventsOptions, { authToken }: SentryPlace, limits?: Partial<ApiLimits>): ApiClient {
  return createApiClient({
    vendor,
    baseUrl: localUrl ?? 'https://sentry.io',
    hosts: localUrl === undefined ? ['sentry.io'] : 'loopback',
    headers: { authorization: `Bearer ${authToken}` },
    secrets: [authToken],
    clock,
    limits,
  });
}

function trackedEvent({ environment, release, tags }: z.output<typeof eventSchema>): TrackedEvent {
  const tag = (name: string) => tags.find(({ key }) => key === name)?.value ?? null;
  const version = typeof release === 'object' ? release?.version : release;
  return { environment: environment ?? tag('environment'), release: version ?? tag('release') };
}
