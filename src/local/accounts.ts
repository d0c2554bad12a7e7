import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Account } from './service.ts';

const run = promisify(execFile);

/** The accounts that a local cloud started by root runs its children as; both undefined when it does not run as root. */
export interface Accounts {
  readonly server: Account | undefined;
  readonly function: Account | undefined;
}

/** Returns the accounts for servers (`postgres`, created when missing) and for deployed functions (`nobody`). */
export async function findAccounts(): Promise<Accounts> {
  if (process.getuid?.() !== 0) return { server: undefined, function: undefined };
  const server = (await findAccount('postgres')) ?? (await createAccount('postgres'));
  return { server, function: (await findAccount('nobody')) ?? server };
}

async function findAccount(user: string): Promise<Account | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  const fields = lines.map((line) => line.split(':')).find(([name]) => name === user);
  if (!fields) return undefined;
  return { user, uid: Number(fields[2]), gid: Number(fields[3]) };
}

async function createAccount(user: string): Promise<Account> {
  await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', user]);
  const account = await findAccount(user);
  if (!account) throw new Error(`useradd did not create the account ${user}.`);
  return account;
}
