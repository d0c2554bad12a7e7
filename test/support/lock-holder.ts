import { ownMark } from '../../src/adapters/system/process-mark.ts';
import type { LockHolder, ProcessMark } from '../../src/core/run/lock.ts';

/** Returns a holder: by default a deploy of this very process. */
export function lockHolder(id: string, process: Partial<ProcessMark> = {}): LockHolder {
  return {
    id,
    actor: 'jo@laptop',
    command: 'jv-staging deploy',
    process: { ...ownMark(), ...process },
    since: '2026-11-22T10:00:00.000Z',
  };
}
