import { StagingError } from '../errors.ts';

/** Who holds the lock of an environment, and by what it can be told whether it still lives. */
export interface LockHolder {
  /** Names this taking of the lock: `lock_…`. */
  readonly id: string;
  /** `user@host`, or the CI job. */
  readonly actor: string;
  /** The command as the user named it. */
  readonly command: string;
  readonly process: ProcessMark;
  /** ISO 8601 UTC. */
  readonly since: string;
}

/** Names a process so that another one of the same number is not taken for it. Parts that the system does not tell are null. */
export interface ProcessMark {
  readonly host: string;
  readonly pid: number;
  /** Changes with each start of the machine. */
  readonly boot: string | null;
  /** The space in which process numbers count: a container has one of its own. */
  readonly pidSpace: string | null;
  /** When the process began, in the system's own words. */
  readonly begun: string | null;
}

/** What this machine says about a process number: when that process began (null: it does not tell), or that there is none. */
export type ProcessLook = { readonly begun: string | null } | 'none';

/** `gone` is proven; `unknown` may be anything. */
export type HolderState = 'alive' | 'gone' | 'unknown';

/** Returns whether a process lives, as seen from `here`; `look` is only asked about processes of this machine. */
export function holderState(marked: ProcessMark, here: ProcessMark, look: (pid: number) => ProcessLook): HolderState {
  if (marked.host !== here.host) return 'unknown';
  if (marked.boot !== null && here.boot !== null && marked.boot !== here.boot) return 'gone';
  if (marked.pidSpace !== here.pidSpace) return 'unknown';
  const found = look(marked.pid);
  if (found === 'none') return 'gone';
  if (marked.begun === null || found.begun === null) return 'unknown';
  return found.begun === marked.begun ? 'alive' : 'gone';
}

/** Returns who holds a lock, in words. */
export function holderSentence({ actor, command, process, since }: LockHolder): string {
  return `\`${command}\` of ${actor} (process ${process.pid} on ${process.host}, since ${since})`;
}

/** A lock as found where it is kept. */
export interface FoundLock {
  readonly holder: LockHolder;
  readonly state: HolderState;
}

/** Returns the error for a run that found the environment locked (exit 7). */
export function lockedBy({ holder, state }: FoundLock, kept: string): StagingError {
  const unlock =
    state === 'alive' ? '' : ` If it has ended without releasing the lock, run \`jv-staging unlock ${holder.id} --confirm <environment>\`.`;
  return new StagingError('locked', 'RUN_LOCKED', `${holderSentence(holder)} holds the lock ${holder.id} ${kept}.`, {
    fix: `Wait for it with \`--wait-lock 10m\`, or end that run.${unlock}`,
    data: { holder },
  });
}
