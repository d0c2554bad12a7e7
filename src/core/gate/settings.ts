import type { EnvReference } from '../settings.ts';

/** Where the gate asks what is not the environment's own. */
export interface GateSettings {
  /** The repository whose issues and reviews count, `owner/name`; undefined: they are unknown. */
  readonly repository?: string | undefined;
  readonly token: EnvReference;
  /** Labels of issues that keep a release back, the worst first: `report --issues` opens an issue with the first, of `perf` and `load` with the last. */
  readonly severityLabels: readonly string[];
  /** File of attestations, absolute; it may be missing. */
  readonly attestations: string;
}
