/** What `smoke` was asked for. */
export interface SmokeChoice {
  readonly url?: string | undefined;
  readonly only?: readonly string[] | undefined;
}

/** What `smoke --watch` was asked for. */
export interface WatchChoice extends SmokeChoice {
  /** How long, e.g. `10m`, and the time between two looks, e.g. `5s`. */
  readonly for: string;
  readonly every: string;
}

/** What `cost` was asked for. */
export interface CostChoice {
  /** How long to count commands, e.g. `15s`. */
  readonly for: string;
}

/** What `perf` was asked for. */
export interface PerfChoice {
  readonly url?: string | undefined;
  readonly runs?: number | undefined;
  readonly formFactors?: readonly ('desktop' | 'mobile')[] | undefined;
  /** A report to compare with instead of the last green one. */
  readonly baseline?: string | undefined;
}

/** What `load` was asked for. */
export interface LoadChoice {
  readonly url?: string | undefined;
  readonly path?: string | undefined;
  readonly vus?: number | undefined;
  readonly duration?: string | undefined;
  readonly profile?: string | undefined;
  readonly engine: 'auto' | 'k6' | 'embedded';
  /** A k6 script of the user's own, instead of the journey of the configuration. */
  readonly script?: string | undefined;
  /** The earlier run to compare with. */
  readonly compare?: string | undefined;
  /** The host that the user says is theirs to load. */
  readonly ownedHost?: string | undefined;
  /** Where it runs when one machine is too small. */
  readonly distribute?: 'k8s' | 'grafana-cloud' | undefined;
  /** How many k6 processes share it. */
  readonly parallelism?: number | undefined;
  /** The context and the namespace of kubectl. */
  readonly kubeContext?: string | undefined;
  readonly namespace?: string | undefined;
  /** What is printed instead of sending anything. */
  readonly emit?: 'k6' | 'k8s' | undefined;
}
