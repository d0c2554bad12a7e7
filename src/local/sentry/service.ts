import { openIssued, randomHex } from '../issued.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { sentryApi } from './api.ts';
import { openProject, type SentryProject } from './project.ts';

/** The emulated Sentry: one organisation with one project. */
export interface SentryService extends LocalService {
  readonly name: 'sentry';
  readonly project: SentryProject;
  readonly dsn: string;
}

/** Starts it; the DSN names the port that it will be served on. */
export async function startSentry(context: ServiceContext): Promise<SentryService> {
  const issued = await openIssued(context.stateDir, () => ({ publicKey: randomHex(16), authToken: `sntrys_local_${randomHex(24)}` }));
  const project = await openProject(context.stateDir, issued);
  const dsn = `http://${issued.publicKey}@127.0.0.1:${await context.ports.port('sentry')}/${project.id}`;
  return {
    name: 'sentry',
    project,
    dsn,
    app: sentryApi(
      project,
      () => dsn,
      (line) => context.log(line),
    ),
    stop: async () => undefined,
  };
}
