import type { LocalStatus } from '../core/local/endpoints.ts';
import type { Fault, LedgerReport, LocalRoute, ResetReport } from '../core/local/faults.ts';
import type { Step } from '../core/run/step.ts';

/** What `local …` does. */
export interface LocalCommands {
  /** Steps that come before a start: installing what the local cloud is made of, where it did not come with the tool. */
  readonly preparation: readonly Step[];
  /** The command line that stops the local cloud of this state folder, or undefined with the target `cloud`. */
  readonly stopCommand: string | undefined;
  start(): Promise<LocalStatus>;
  stop(): Promise<{ readonly wasRunning: boolean }>;
  status(): Promise<LocalStatus>;
  /** Returns what clients need; with a project's name also that project's addresses, keys and database URLs. */
  env(project?: string): Promise<Readonly<Record<string, string>>>;
  /** Adds the fault that the flags of `local fault add` ask for. */
  addFault(flags: FaultFlags): Promise<Fault>;
  faults(): Promise<readonly Fault[]>;
  /** Clears one fault, or all; returns how many. */
  clearFaults(id?: string): Promise<number>;
  log(service?: string): Promise<LedgerReport>;
  routes(): Promise<readonly LocalRoute[]>;
  /** Takes everything back to a fresh start; `confirm` must be `local`, unless it is a dry run. */
  reset(choice: { readonly confirm: string | undefined; readonly dryRun: boolean }): Promise<ResetReport>;
}

/** The flags of `local fault add` as they were typed; effects without a value stand among them as true. */
export interface FaultFlags extends Readonly<Record<string, unknown>> {
  readonly service?: string | undefined;
  readonly match?: string | undefined;
  readonly nth?: number | undefined;
  readonly times?: number | undefined;
  readonly status?: number | undefined;
  readonly 'retry-after'?: number | undefined;
  /** A file. */
  readonly body?: string | undefined;
  readonly stale?: string | undefined;
  readonly delay?: string | undefined;
  readonly latency?: string | undefined;
}
