import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import type { LoadService, ServiceVerdict } from '../../core/ports/measure.ts';
import { k6Version } from './find-k6.ts';
import { k6Said } from './said.ts';

/** What a run in Grafana Cloud needs. */
export interface K6CloudOptions {
  /** The k6 program. */
  readonly path: string;
  /** The emitted script. */
  readonly script: string;
  /** How k6 signs in. Secret. */
  readonly token: string;
  /** The project that the run belongs to; the account's default when undefined. */
  readonly projectId: string | undefined;
  /** So long the whole may take at most, with the service's own start. */
  readonly timeoutMs: number;
}

/** k6 ends with this code when a threshold was crossed (k6 1.8.1, `errext/exitcodes/codes.go`: ThresholdsHaveFailed). */
const thresholdsCrossed = 99;

/** Longer than this k6 may not take to stop the run in the cloud after an interruption. */
const stopMs = 20_000;

/**
 * Returns the service that runs a script by `k6 cloud run`: the token goes by the environment, the script by a file of its own. Of our
 * environment k6 takes nothing else along: what the script needs of secrets stands in the cloud's own environment variables.
 */
export function k6Cloud(options: K6CloudOptions): LoadService {
  return {
    title: 'Grafana Cloud',
    run: async (note, signal) => {
      await k6Version(options.path, signal);
      const folder = await mkdtemp(join(tmpdir(), 'jv-staging-k6-'));
      try {
        await writeFile(join(folder, 'script.js'), options.script, { mode: 0o600 });
        return await runInCloud(options, folder, note, signal);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function runInCloud(
  { path, token, projectId, timeoutMs }: K6CloudOptions,
  cwd: string,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<ServiceVerdict> {
  note('Grafana Cloud takes the script');
  const project = projectId === undefined ? {} : { K6_CLOUD_PROJECT_ID: projectId };
  const running = execa(path, ['cloud', 'run', '--no-color', '--no-usage-report', 'script.js'], {
    cwd,
    env: { PATH: '/usr/bin:/bin', HOME: cwd, K6_CLOUD_TOKEN: token, ...project },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: timeoutMs,
    // At a SIGINT k6 stops the run in the cloud before it ends itself.
    killSignal: 'SIGINT',
    forceKillAfterDelay: stopMs,
    cancelSignal: signal,
  });
  let said = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-16_384);
    const resultUrl = urlIn(said);
    if (resultUrl !== undefined) note(`runs at ${resultUrl}`);
  });
  const ended = await running;
  signal.throwIfAborted();
  if (ended.exitCode === 0 || ended.exitCode === thresholdsCrossed)
    return { crossed: ended.exitCode === thresholdsCrossed, resultUrl: urlIn(ended.stdout) };
  throw cloudFailed(ended.timedOut ? `no end within ${timeoutMs / 1000} s` : k6Said(ended.stderr.replaceAll(token, '***')), ended.exitCode);
}

/** Returns the address that k6 names as its output (k6 1.8.1, `internal/cmd/ui.go`, printExecutionDescription). */
function urlIn(output: string): string | undefined {
  return /^\s*output: (https:\/\/\S+)$/m.exec(output)?.[1];
}

function cloudFailed(said: string, code: number | undefined): StagingError {
  return new StagingError('vendor', 'LOAD_ENGINE_FAILED', `k6 cloud run ended with ${code ?? 'a signal'}: ${said}.`, {
    fix: 'Check K6_CLOUD_TOKEN and K6_CLOUD_PROJECT_ID, and that the project has the variables that the script reads.',
  });
}
