import type { SideEndpoints } from '../core/local/endpoints.ts';

/** Returns what their own clients need, under the names that the vendors' tools use where they have some. */
export function sideEnv({ clerk, slack, sentry, github, dns }: SideEndpoints): Readonly<Record<string, string>> {
  return {
    CLERK_API_URL: clerk.apiUrl,
    CLERK_SECRET_KEY: clerk.secretKey,
    CLERK_PUBLISHABLE_KEY: clerk.publishableKey,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_WEBHOOK_URL: slack.webhookUrl,
    SENTRY_URL: sentry.url,
    SENTRY_DSN: sentry.dsn,
    SENTRY_AUTH_TOKEN: sentry.authToken,
    SENTRY_ORG: sentry.organization,
    SENTRY_PROJECT: sentry.project,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_TOKEN: github.token,
    GITHUB_REPOSITORY: github.repository,
    JV_LOCAL_DNS: `${dns.host}:${dns.port}`,
    JV_LOCAL_DNS_RECORDS_URL: dns.recordsUrl,
    JV_LOCAL_DNS_TOKEN: dns.token,
  };
}
