import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';
import type { EnsureOptions } from '../../src/local/lifecycle.ts';
import { ensureCloud, stopCloud } from '../../src/local/lifecycle.ts';
import { answersFile, readAnswers, requireSpecifiedAnswers } from './openapi/answer-check.ts';

/** A local cloud of a test's own, in a temporary folder and a process of its own. */
export interface TestCloud {
  readonly endpoints: LocalEndpoints;
  readonly stateDir: string;
  /** Ends it and removes everything that it wrote; throws when one of its answers was not as the vendor specifies it. */
  stop(): Promise<void>;
}

/** A daemon's entry that records what the vendors' interfaces answer; run from source by Node's type stripping. */
const daemonEntry = fileURLToPath(new URL('recording-daemon.ts', import.meta.url));

/** Returns how the cloud in `stateDir` is started from source. */
export function cloudOptions(stateDir: string): EnsureOptions {
  return { stateDir, entry: daemonEntry };
}

/** Starts a whole local cloud in a temporary folder. */
export async function startTestCloud(): Promise<TestCloud> {
  const stateDir = await mkdtemp(join(tmpdir(), 'jv-cloud-'));
  try {
    const endpoints = await ensureCloud(cloudOptions(stateDir));
    return { endpoints, stateDir, stop: () => removeCloud(stateDir) };
  } catch (error) {
    await removeCloud(stateDir);
    throw error;
  }
}

/** Ends the cloud in `stateDir`, removes everything that it wrote, and holds its answers against the vendors' OpenAPI files. */
export async function removeCloud(stateDir: string): Promise<void> {
  await stopCloud({ stateDir });
  const answers = readAnswers(join(stateDir, answersFile));
  const sharedDir = await readFile(join(stateDir, 'shared-dir'), 'utf8').catch(() => '');
  if (sharedDir) await rm(sharedDir.trim(), { recursive: true, force: true });
  await rm(stateDir, { recursive: true, force: true });
  requireSpecifiedAnswers(answers);
}
