import type { Notice } from '../notify/notice.ts';

/** Where people are told what came of a run. Throws `SLACK_…` errors (kinds `vendor`, `missing`, `usage`). */
export interface Messages {
  /** True when messages about one release stand in one thread. */
  readonly threads: boolean;
  /** Posts; below the message `thread` when it is given. Returns the id of the thread, or undefined where there are none. */
  post(notice: Notice, thread: string | undefined, signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}
