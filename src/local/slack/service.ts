import { openIssued, randomHex } from '../issued.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { openWorkspace } from './workspace.ts';
import { slackApi } from './web-api.ts';

/** What the workspace issued for itself. */
export interface SlackIssued {
  readonly teamId: string;
  readonly botToken: string;
  readonly botUserId: string;
  /** Path of the incoming webhook, which posts to the first channel. */
  readonly webhookPath: string;
}

/** The emulated Slack: one workspace with its bot and an incoming webhook. */
export interface SlackService extends LocalService {
  readonly name: 'slack';
  readonly issued: SlackIssued;
}

/** Starts the workspace. */
export async function startSlack(context: ServiceContext): Promise<SlackService> {
  const issued = await openIssued(context.stateDir, () => {
    const id = (kind: string) => `${kind}${randomHex(5).toUpperCase()}`;
    const teamId = id('T');
    return {
      teamId,
      botToken: `xoxb-local-${randomHex(16)}`,
      botUserId: id('U'),
      webhookPath: `/services/${teamId}/${id('B')}/${randomHex(12)}`,
    };
  });
  const workspace = await openWorkspace(context.stateDir, issued);
  return { name: 'slack', issued, app: slackApi(workspace, (line) => context.log(line)), stop: async () => undefined };
}
