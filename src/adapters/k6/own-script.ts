import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { LoadStage } from '../../core/load/load.ts';
import { noThresholds, readScript, type ScriptDefect, type ScriptFacts } from '../../core/load/script-rules.ts';
import { k6Said } from './said.ts';

/** What k6 says that a script would do (`k6 inspect --execution-requirements`, k6 1.8.1 `internal/cmd/inspect.go`). */
const inspected = z.object({
  thresholds: z.record(z.string(), z.unknown()).nullish(),
  maxVUs: z.number(),
  totalDuration: z.string(),
});

/** A script of the user's own that passed the linter. */
export interface FitScript {
  readonly path: string;
  /** The environment variables that it names, as far as they have a value. Secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its highest number of virtual users over its whole length. */
  readonly stages: readonly LoadStage[];
}

/**
 * Returns a script of the user's own as k6 would run it. Throws `LOAD_SCRIPT_UNREADABLE` (no file, no JavaScript, not k6's) and
 * `LOAD_SCRIPT_UNFIT` (its verdict would say nothing), both kind `usage`.
 */
export async function fitScript(
  k6: string,
  path: string,
  valueOf: (name: string) => string | undefined,
  signal: AbortSignal,
): Promise<FitScript> {
  const facts = await lintScript(path);
  const environment = Object.fromEntries(
    facts.variables.flatMap((name) => {
      const value = valueOf(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { thresholds, stages } = await inspect(k6, path, environment, signal);
  const missing = facts.thresholds === 'unknown' && Object.keys(thresholds ?? {}).length === 0 ? [noThresholds] : [];
  refuseUnfit(path, [...facts.defects, ...missing]);
  return { path, environment, stages };
}

/** Returns what the linter sees of a script. Throws `LOAD_SCRIPT_UNREADABLE` (kind `usage`). */
export async function lintScript(path: string): Promise<ScriptFacts> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  });
  const { parse } = await import('acorn');
  try {
    const program = parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
    return readScript({ ...program });
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
}

/** Throws `LOAD_SCRIPT_UNFIT` (kind `usage`) when there is any defect. */
export function refuseUnfit(path: string, defects: readonly ScriptDefect[]): void {
  if (defects.length === 0) return;
  const list = defects.map(({ line, message }) => `line ${line}: ${message.replace(/\.$/, '')}`).join('; ');
  throw new StagingError('usage', 'LOAD_SCRIPT_UNFIT', `${path} could pass while testing nothing: ${list}.`, {
    fix: 'Mend the script, or print one that is sound with `jv-staging load --emit k6`.',
    data: { defects },
  });
}

async function inspect(k6: string, path: string, environment: Readonly<Record<string, string>>, signal: AbortSignal) {
  const asked = await execa(k6, ['inspect', '--execution-requirements', basename(path)], {
    cwd: dirname(path),
    reject: false,
    timeout: 60_000,
    cancelSignal: signal,
    env: { PATH: '/usr/bin:/bin', ...environment },
    extendEnv: false,
    stdin: 'ignore',
  });
  signal.throwIfAborted();
  if (asked.exitCode !== 0) throw unreadable(path, k6Said(asked.stderr));
  const { thresholds, maxVUs, totalDuration } = inspected.parse(JSON.parse(asked.stdout));
  return { thresholds, stages: [{ durationMs: goDurationMs(totalDuration), vus: maxVUs }] };
}

/** Returns the milliseconds of a duration as Go writes it: `1m30.5s`. */
function goDurationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  return [...text.matchAll(/([\d.]+)(ms|h|m|s)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
}

function unreadable(path: string, why: string, cause?: unknown): StagingError {
  return new StagingError('usage', 'LOAD_SCRIPT_UNREADABLE', `${path} is no k6 script: ${why.replace(/\.$/, '')}.`, {
    fix: 'Check it with `k6 inspect`; TypeScript must be compiled first.',
    cause,
  });
}
