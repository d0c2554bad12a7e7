import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { StagingError } from '../../core/errors.ts';
import type { LoadMeasurement, LoadSample } from '../../core/load/load.ts';
import type { LoadEngine, LoadPlan } from '../../core/ports/measure.ts';
import { busiestWindow } from '../load-trace/busiest.ts';
import { cpuSeconds } from './cpu.ts';
import { k6Version } from './find-k6.ts';
import type { FitScript } from './own-script.ts';
import { k6Script, k6Secrets, secretsVariable } from './script.ts';

/** Kept of what k6 says on stderr. */
const storyLimit = 8192;

/**
 * Returns the load engine that runs k6 at a path. Script and secrets lie in a folder of their own (0700, 0600) that is removed;
 * neither the script nor the command line holds a secret. The statistics are computed from k6's trace by our own code, as those
 * of the embedded engine are.
 */
export function k6Load(path: string): LoadEngine {
  return {
    name: 'k6',
    run: async (plan, onSample, signal) => {
      const engineVersion = await k6Version(path, signal);
      const folder = await mkdtemp(join(tmpdir(), 'jv-staging-k6-'));
      try {
        const run = { path, cwd: folder, arguments: [...k6Arguments, 'script.js'], env: { [secretsVariable]: './secrets.json' } };
        await writeFile(join(folder, 'script.js'), k6Script(plan), { mode: 0o600 });
        await writeFile(join(folder, 'secrets.json'), k6Secrets(plan), { mode: 0o600 });
        return { engine: 'k6', engineVersion, ...(await runK6(run, plan, onSample, signal)) };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/**
 * Returns the load engine that runs a script of the user's own, which passed the linter, where it lies: its journey and ramp count, not
 * the plan's. It sees the variables that it names, and `JV_URL`.
 */
export function ownScriptLoad(path: string, script: () => FitScript): LoadEngine {
  return {
    name: 'k6',
    run: async (plan, onSample, signal) => {
      const engineVersion = await k6Version(path, signal);
      const fit = script();
      const run = {
        path,
        cwd: dirname(fit.path),
        // Its own `handleSummary` runs, too: what that prints is no line of the trace.
        arguments: [...k6Arguments.filter((argument) => argument !== '--summary-mode=disabled'), basename(fit.path)],
        env: { JV_URL: plan.target.origin, ...fit.environment },
      };
      return { engine: 'k6', engineVersion, ...(await runK6(run, { ...plan, journey: [] }, onSample, signal)) };
    },
  };
}

/** The trace goes to stdout, nothing else does; k6's own REST server and usage report stay off. */
const k6Arguments = [
  'run',
  '--quiet',
  '--no-color',
  '--no-usage-report',
  '--summary-mode=disabled',
  '--address=',
  '--log-format=raw',
  '--out=json=-',
];

/** k6 ends with this code when a threshold was crossed (k6 1.8.1, `errext/exitcodes/codes.go`: ThresholdsHaveFailed). */
const thresholdsCrossed = 99;

/** One start of k6. */
interface K6Run {
  readonly path: string;
  readonly cwd: string;
  readonly arguments: readonly string[];
  /** What it sees beside PATH and HOME. Secret. */
  readonly env: Readonly<Record<string, string>>;
}

async function runK6(
  run: K6Run,
  plan: LoadPlan,
  onSample: (sample: LoadSample) => void,
  signal: AbortSignal,
): Promise<Omit<LoadMeasurement, 'engine' | 'engineVersion'>> {
  signal.throwIfAborted();
  const { k6Trace } = await import('./trace.ts');
  const child = spawn(run.path, run.arguments, {
    cwd: run.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of our environment: a K6_… variable of the user's would change the run, and others may be secrets.
    env: { PATH: '/usr/bin:/bin', HOME: run.cwd, ...run.env },
  });
  const exited = exitOf(child);
  const story = storyOf(child);
  const meter = cpuMeter(child);
  const onAbort = () => endGroup(child);
  signal.addEventListener('abort', onAbort, { once: true });
  // At a SIGINT k6 ends its iterations, writes the rest of its trace and exits with 105 (docs, "Exit codes": ExternalAbort).
  const onHalt = () => child.kill('SIGINT');
  plan.halt?.addEventListener('abort', onHalt, { once: true });
  try {
    const trace = k6Trace(plan);
    for await (const line of createInterface({ input: child.stdout })) for (const sample of trace.read(line)) onSample(sample);
    const code = await exited;
    signal.throwIfAborted();
    if (code !== 0 && code !== thresholdsCrossed && plan.halt?.aborted !== true) throw engineFailed(run.path, code, story());
    const { samples, measured } = trace.end();
    for (const sample of samples) onSample(sample);
    const crossed = code === thresholdsCrossed ? { crossedOwnThresholds: true } : {};
    return {
      ...measured,
      ...crossed,
      generatorCpu: busiestWindow(meter.shares()),
      generatorCores: availableParallelism(),
      generatorLateMs: null,
    };
  } finally {
    meter.stop();
    signal.removeEventListener('abort', onAbort);
    plan.halt?.removeEventListener('abort', onHalt);
    endGroup(child);
    await exited;
  }
}

/** Resolves with the exit code, null when a signal ended it or it never started. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code));
  });
}

/** Keeps the beginning of what k6 says, without its line for each failed request. */
function storyOf(child: ChildProcess): () => string {
  let story = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => {
    if (story.length < storyLimit) story += text.replaceAll(/^Request Failed\n?/gm, '');
  });
  return () => story.trim().split('\n')[0] ?? '';
}

function cpuMeter(child: ChildProcess) {
  const shares: number[] = [];
  let before: { readonly seconds: number; readonly atMs: number } | undefined;
  const timer = setInterval(() => {
    void (async () => {
      const seconds = child.pid === undefined ? null : await cpuSeconds(child.pid);
      if (seconds === null) return;
      const atMs = performance.now();
      if (before !== undefined) shares.push(((seconds - before.seconds) * 1000) / (atMs - before.atMs));
      before = { seconds, atMs };
    })();
  }, 1000);
  return { shares: () => shares, stop: () => clearInterval(timer) };
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is already gone.
  }
}

function engineFailed(path: string, code: number | null, story: string): StagingError {
  const said = story === '' ? '' : `: ${story.replace(/\.$/, '')}`;
  return new StagingError('vendor', 'LOAD_ENGINE_FAILED', `${path} ended with ${code ?? 'a signal'}${said}.`, {
    fix: 'Pass `--engine embedded` to run the same load without k6.',
  });
}
