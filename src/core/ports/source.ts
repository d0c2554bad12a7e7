/** The source tree that a release is made from. */
export interface SourceState {
  /** Full commit id, or a 40-digit hash of the build output when there is no repository. */
  readonly sha: string;
  /** True when the working tree differs from the commit, or when there is no repository. */
  readonly dirty: boolean;
  readonly branch: string | null;
}

/** Reads the source tree and builds the app. Throws `DEPLOY_BUILD_FAILED` (kind `red`), `DEPLOY_OUTPUT_MISSING` (kind `missing`). */
export interface AppSource {
  state(signal: AbortSignal): Promise<SourceState>;
  /** Runs the build command in the app's folder, with no secret of ours in its environment. */
  build(command: readonly string[], dir: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
}
