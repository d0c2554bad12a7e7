import type { EnvironmentFiles } from '../build/variables.ts';

/** The source tree that a release is made from. */
export interface SourceState {
  /** Full commit id, or a 40-digit hash of the build output when there is no repository. */
  readonly sha: string;
  /** True when the working tree differs from the commit, or when there is no repository. */
  readonly dirty: boolean;
  readonly branch: string | null;
}

/** Where a release is made from; paths are absolute. */
export interface SourcePlace {
  /** The app's folder. */
  readonly dir: string;
  /** Its Build Output API v3 folder. */
  readonly output: string;
  /** Folder of the SQL migrations. */
  readonly migrations: string;
}

/** A build of the app. */
export interface SourceBuild {
  /** The program and its words. */
  readonly command: readonly string[];
  /** What it sees beside what programs need to run. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Reads the source tree and builds the app. Throws `DEPLOY_BUILD_FAILED` (kind `red`), `BUILD_PROGRAM_NOT_FOUND`, `DEPLOY_OUTPUT_MISSING` and
 * `GIT_…` (kind `missing`).
 */
export interface AppSource {
  /** Puts the source in place (a checkout, for a git reference) and returns where; the same place each time. */
  place(signal: AbortSignal): Promise<SourcePlace>;
  state(signal: AbortSignal): Promise<SourceState>;
  /** Returns the environment files beside the app that its build would read by itself. */
  environmentFiles(signal: AbortSignal): Promise<EnvironmentFiles>;
  /** Runs the build command in the app's folder, with no secret of ours in its environment. */
  build(build: SourceBuild, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** Returns a hash over names and contents of the build output: the same output, the same hash. */
  outputHash(signal: AbortSignal): Promise<string>;
  /** Removes what `place` had put there. */
  close(): Promise<void>;
}
