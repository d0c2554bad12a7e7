import type { LocalServiceStatus, SideEndpoints } from '../core/local/endpoints.ts';
import { startClerk, type ClerkService } from './clerk/service.ts';
import { startDns, type DnsService } from './dns/service.ts';
import { startGithub, type GithubService } from './github/service.ts';
import { startSentry, type SentryService } from './sentry/service.ts';
import type { LocalService, ServiceContext } from './service.ts';
import { startSlack, type SlackService } from './slack/service.ts';

/** The emulated vendors beside the three: small, each as much as the tool uses. */
export interface SideVendors {
  readonly clerk: ClerkService;
  /** Production's own instance, live. */
  readonly clerkProduction: ClerkService;
  readonly slack: SlackService;
  readonly sentry: SentryService;
  readonly github: GithubService;
  readonly dns: DnsService;
}

/** Starts them. `domains` are those of the emulated Vercel. Throws `LOCAL_PORT_TAKEN`. */
export async function startSideVendors(
  contextOf: (name: string) => Promise<ServiceContext>,
  domains: () => readonly string[],
): Promise<SideVendors> {
  // What can fail comes first: the others hold nothing that would have to be ended.
  const dns = await startDns(await contextOf('dns'), domains);
  const [clerk, clerkProduction, slack, sentry, github] = await Promise.all([
    contextOf('clerk').then((context) => startClerk(context, 'test')),
    contextOf('clerk-production').then((context) => startClerk(context, 'live')),
    contextOf('slack').then(startSlack),
    contextOf('sentry').then(startSentry),
    contextOf('github').then(startGithub),
  ]);
  return { clerk, clerkProduction, slack, sentry, github, dns };
}

/** Serves each, and returns where they answer. */
export async function serveSideVendors(side: SideVendors, serve: (service: LocalService) => Promise<string>): Promise<SideEndpoints> {
  const instance = async (clerk: ClerkService) => {
    const { secretKey, publishableKey } = clerk.issued;
    return { apiUrl: await serve(clerk), secretKey, publishableKey };
  };
  const slackUrl = await serve(side.slack);
  const { project } = side.sentry;
  const { owner, name, token } = side.github.repository;
  return {
    clerk: await instance(side.clerk),
    clerkProduction: await instance(side.clerkProduction),
    slack: { apiUrl: `${slackUrl}/api/`, botToken: side.slack.issued.botToken, webhookUrl: `${slackUrl}${side.slack.issued.webhookPath}` },
    sentry: {
      url: await serve(side.sentry),
      dsn: side.sentry.dsn,
      authToken: project.issued.authToken,
      organization: project.organization,
      project: project.slug,
    },
    github: { apiUrl: await serve(side.github), token, repository: `${owner}/${name}` },
    dns: { host: '127.0.0.1', port: side.dns.port, recordsUrl: `${await serve(side.dns)}/_local/records`, token: side.dns.token },
  };
}

/** Says that they run: they live in the local cloud's own process. */
export function sideStatus(side: SideVendors): readonly LocalServiceStatus[] {
  return Object.values(side).map(({ name }: LocalService) => ({ name, state: 'running' }));
}

/** Ends what they started. */
export async function stopSideVendors(side: SideVendors): Promise<void> {
  await Promise.all(Object.values(side).map((service: LocalService) => service.stop()));
}
