import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The built app in a process of its own. */
export interface AppServer {
  readonly url: string;
  /** What it has written to its log so far. */
  log(): string;
  /** False once the process has ended: no fault may end it. */
  alive(): boolean;
  close(): Promise<void>;
}

/** Serves the built app at `outputDir` with exactly this environment. */
export async function startApp(outputDir: string, environment: Readonly<Record<string, string>>): Promise<AppServer> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'app-host.ts'), outputDir], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const port = once(lines, 'line');
  lines.on('line', (line) => (log += `${line}\n`));
  child.stderr.on('data', (part) => (log += String(part)));
  const [first] = await Promise.race([port, exited.then(() => ['it ended'])]);
  if (!/^\d+$/.test(String(first))) throw new Error(`The app did not start: ${log}`);
  return {
    url: `http://127.0.0.1:${String(first)}`,
    log: () => log,
    alive: () => child.exitCode === null && child.signalCode === null,
    close: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
