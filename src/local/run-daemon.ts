import { realpath, rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { StagingError } from '../core/errors.ts';
import { type CloudOptions, startCloud } from './cloud.ts';
import type { Engines } from './engines.ts';
import { failureFile, lockFile } from './files.ts';
import { writeJson } from './json-file.ts';
import type { ProductionModel } from './production-world.ts';
import type { ProcessLock } from './process-lock.ts';
import { lockHolder, takeLock } from './process-lock.ts';
import type { AnswerObserver } from './serve-app.ts';

const log = (line: string) => {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
};

/** Makes an observer of the answers that the vendors' interfaces give, for tests. */
export type ObserverOf = (stateDir: string) => AnswerObserver;

/** Starts the cloud that the command line names, runs until it is asked to stop, and returns the exit code. */
export async function runDaemon(observerOf?: ObserverOf): Promise<number> {
  const { values } = parseArgs({
    options: {
      'state-dir': { type: 'string' },
      engines: { type: 'string', default: '{}' },
      production: { type: 'string', default: '{"migrations":null,"variables":[]}' },
    },
  });
  if (values['state-dir'] === undefined) throw new Error('--state-dir is missing.');
  // Not created here: a daemon whose folder was removed while it was on its way has nothing to do.
  const stateDir = await realpath(values['state-dir']);
  const lock = await takeLock(lockFile(stateDir));
  if (!lock) {
    log('another daemon holds the lock');
    return 7;
  }
  const engines: Engines = JSON.parse(values.engines);
  const production: ProductionModel = JSON.parse(values.production);
  return await run({ stateDir, engines, production, onAnswer: observerOf?.(stateDir) }, lock);
}

type Settings = Pick<CloudOptions, 'stateDir' | 'engines' | 'production' | 'onAnswer'>;

async function run(settings: Settings, lock: ProcessLock): Promise<number> {
  const { stateDir } = settings;
  let ask: (by: string) => void = () => undefined;
  const asked = new Promise<string>((resolve) => {
    ask = resolve;
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
  // A database server that is killed must take its own service down, not the others.
  process.on('uncaughtException', (error) => log(`unexpected: ${error.stack ?? error.message}`));
  process.on('unhandledRejection', (reason) =>
    log(`unexpected: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`),
  );
  await rm(failureFile(stateDir), { force: true });
  try {
    const startedMs = performance.now();
    const cloud = await startCloud({ ...settings, log, onStopAsked: () => ask('the control interface') });
    log(`ready after ${Math.round(performance.now() - startedMs)} ms`);
    const watch = setInterval(() => void stillOurs(stateDir).then((ours) => ours || ask('the removal of its state folder')), 2_000);
    log(`stopping, asked by ${await asked}`);
    clearInterval(watch);
    await cloud.stop();
    log('stopped');
    return 0;
  } catch (error) {
    log(`could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    await writeJson(failureFile(stateDir), describe(error));
    return 3;
  } finally {
    await lock.release();
  }
}

/** A daemon whose folder was removed cannot be found any more: nobody would ever stop it. */
async function stillOurs(stateDir: string): Promise<boolean> {
  return (await lockHolder(lockFile(stateDir)))?.pid === process.pid;
}

function describe(error: unknown) {
  if (error instanceof StagingError) return { kind: error.kind, code: error.code, message: error.message, fix: error.fix };
  return { kind: 'bug', code: 'LOCAL_START_FAILED', message: error instanceof Error ? error.message : String(error) };
}
