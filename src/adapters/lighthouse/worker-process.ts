import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { WebTarget } from '../../core/ports/web.ts';
import type { AuditedPage } from './audit-page.ts';
import type { ReadRun } from './lighthouse-result.ts';

/** One page to audit in a running browser. Holds the session: it goes through a pipe, never through a command line. */
export interface WorkerJob {
  readonly devtoolsUrl: string;
  readonly target: WebTarget;
  readonly page: AuditedPage;
}

/** What the worker answers: the run, or what was thrown. */
export type WorkerAnswer = ReadRun | { readonly kind: 'thrown'; readonly message: string };

/** A process that audits pages, one at a time. */
export interface LighthouseWorker {
  /** Rejects with what Lighthouse threw, or when the process ends without an answer. */
  audit(job: WorkerJob): Promise<ReadRun>;
  /** Ends the process, whatever it is doing, and waits for that. */
  close(): Promise<void>;
}

/** Kept of what a worker writes on stderr. */
const storyLimit = 8192;

/** How long a worker waits for the next run: runs follow each other at once. */
const spareMs = 2000;

/** The worker between two runs. */
export interface SpareWorker {
  /** Returns the spare worker, or a new one that loads Lighthouse at once. */
  take(nodeArguments?: readonly string[]): LighthouseWorker;
  /** Keeps a worker that has answered for the next run, which then finds Lighthouse loaded and compiled. */
  keep(worker: LighthouseWorker): void;
  /** Ends the spare worker, if there is one. */
  close(): Promise<void>;
}

/** Returns a place for one worker of a program; one that nobody takes for some seconds is ended. */
export function spareWorker(program: string): SpareWorker {
  let spare: LighthouseWorker | undefined;
  let retiring: NodeJS.Timeout | undefined;
  const taken = () => {
    clearTimeout(retiring);
    const worker = spare;
    spare = undefined;
    return worker;
  };
  return {
    take: (nodeArguments) => taken() ?? startWorker(program, nodeArguments),
    keep: (worker) => {
      void taken()?.close();
      spare = worker;
      retiring = setTimeout(() => void taken()?.close(), spareMs);
    },
    close: async () => taken()?.close(),
  };
}

function startWorker(program: string, nodeArguments: readonly string[] = []): LighthouseWorker {
  const cache = getCompileCacheDir();
  const child = fork(program, [], {
    execArgv: ['--disable-warning=ExperimentalWarning', ...nodeArguments],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Nothing of our environment, which may hold secrets. Node adds a folder of its version to the compile cache's.
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: tmpdir(), LANG: 'C.UTF-8', ...(cache && { NODE_COMPILE_CACHE: dirname(cache) }) },
  });
  const ended = endOf(child);
  return {
    audit: async (job) => {
      const answered = new Promise<WorkerAnswer>((resolve) => child.once('message', (answer: WorkerAnswer) => resolve(answer)));
      // A worker that has ended takes no message: its end is what is told.
      child.send(job, () => undefined);
      const answer = await Promise.race([answered, ended]);
      if (answer.kind === 'thrown') throw new Error(answer.message);
      return answer;
    },
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Resolves when the worker has ended, with what it said last. */
function endOf(child: ChildProcess): Promise<WorkerAnswer & { readonly kind: 'thrown' }> {
  let story = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => {
    if (story.length < storyLimit) story += text;
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'thrown', message: `Lighthouse's process does not start: ${error.message}` }));
    child.once('exit', (code, signal) => {
      const said = story.split('\n').find((line) => /^\w*Error\b/.test(line));
      resolve({ kind: 'thrown', message: `Lighthouse's process ended with ${code ?? signal}${said === undefined ? '' : `: ${said}`}` });
    });
  });
}
