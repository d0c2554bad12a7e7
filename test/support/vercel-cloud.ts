import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';
import type { LedgerLine } from '../../src/core/local/faults.ts';
import { findAccounts } from '../../src/local/accounts.ts';
import { openCredentials } from '../../src/local/credentials.ts';
import { startHosting } from '../../src/local/hosting.ts';
import { openPortBook } from '../../src/local/port-book.ts';
import { serveApp } from '../../src/local/serve-app.ts';
import { openSharedDir } from '../../src/local/shared-dir.ts';
import { createTraffic } from '../../src/local/traffic/traffic.ts';
import { keepAnswers } from './openapi/answer-check.ts';

/** The local cloud's Vercel alone, in this process: its REST interface, the apps that it runs, and the gateway in front of them. */
export interface VercelCloud extends Pick<LocalEndpoints, 'vercel' | 'gateway'> {
  readonly stateDir: string;
  /** Returns the requests that it answered, oldest first. */
  requests(): readonly LedgerLine[];
  /** Ends it and removes everything that it wrote; throws when one of its answers was not as the vendor specifies it. */
  stop(): Promise<void>;
}

/** Starts the local cloud's Vercel in a temporary folder, without the databases that its neighbours need. */
export async function startVercelCloud(): Promise<VercelCloud> {
  const stateDir = await mkdtemp(join(tmpdir(), 'jv-vercel-'));
  const accounts = await findAccounts();
  const sharedDir = await openSharedDir(stateDir);
  const ports = await openPortBook(stateDir);
  const credentials = await openCredentials(stateDir);
  const own = { stateDir: join(stateDir, 'vercel'), sharedDir: join(sharedDir, 'vercel') };
  await mkdir(own.stateDir, { recursive: true, mode: 0o700 });
  await mkdir(own.sharedDir, { recursive: true, mode: 0o711 });
  const traffic = createTraffic();
  const context = {
    ...own,
    serverAccount: accounts.server,
    functionAccount: accounts.function,
    ports,
    log: (line: string) => process.stderr.write(`${line}\n`),
  };
  const hosting = await startHosting(context, {
    credentials,
    searchPath: process.env['PATH'] ?? '',
    onDomains: () => Promise.resolve(),
  });
  const answers = keepAnswers();
  const served = await serveApp({ name: 'vercel', app: answers.of(hosting.vercel) }, await ports.port('vercel'), traffic);
  return {
    stateDir,
    vercel: { apiUrl: served.url, token: credentials.vercelToken, teamId: credentials.vercelTeamId },
    gateway: { host: '127.0.0.1', port: hosting.gateway.port, tlsPort: hosting.gateway.tlsPort, caFile: hosting.caFile },
    requests: () => traffic.ledger.report().lines,
    stop: async () => {
      served.stop();
      await hosting.stop();
      await rm(sharedDir, { recursive: true, force: true });
      await rm(stateDir, { recursive: true, force: true });
      answers.verify();
    },
  };
}
