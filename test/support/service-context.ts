import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAccounts } from '../../src/local/accounts.ts';
import { openPortBook } from '../../src/local/port-book.ts';
import type { ServiceContext } from '../../src/local/service.ts';

/** Folders, accounts and ports for one emulated service in a test. */
export interface TestContext {
  readonly context: ServiceContext;
  /** What the service wrote to the cloud's log. */
  readonly logged: readonly string[];
  /** Returns a context over the same folders, as the next start of the local cloud has it. */
  again(): Promise<ServiceContext>;
  /** Removes the folders. */
  remove(): Promise<void>;
}

/** Returns a context in temporary folders that the servers' account can enter. */
export async function testContext(): Promise<TestContext> {
  const { server, function: functionAccount } = await findAccounts();
  const root = await mkdtemp(join(tmpdir(), 'jv-service-'));
  // mkdtemp's own folder is ours alone (0700): what the servers use lies beside it.
  const sharedDir = `${root}-shared`;
  await mkdir(sharedDir, { mode: 0o711 });
  const logged: string[] = [];
  const open = async (): Promise<ServiceContext> => ({
    stateDir: root,
    sharedDir,
    serverAccount: server,
    functionAccount,
    ports: await openPortBook(root),
    log: (line) => logged.push(line),
  });
  return {
    context: await open(),
    logged,
    again: open,
    remove: async () => {
      await rm(sharedDir, { recursive: true, force: true });
      await rm(root, { recursive: true, force: true });
    },
  };
}
