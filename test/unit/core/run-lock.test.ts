import { describe, expect, it } from 'vitest';
import { holderSentence, holderState, type ProcessMark } from '../../../src/core/run/lock.ts';
import { lockHolder } from '../../support/lock-holder.ts';

const here: ProcessMark = { host: 'laptop', pid: 100, boot: 'boot-1', pidSpace: 'pid:[1]', begun: '500' };
const marked: ProcessMark = { ...here, pid: 42, begun: '300' };

describe('whether the holder of a lock lives', () => {
  it.each([
    ['the same process, by when it began', marked, { begun: '300' }, 'alive'],
    ['no process of that number', marked, 'none', 'gone'],
    ['another process that got the number', marked, { begun: '999' }, 'gone'],
    ['the machine was started anew since', { ...marked, boot: 'boot-0' }, { begun: '300' }, 'gone'],
    ['another machine', { ...marked, host: 'runner-7' }, 'none', 'unknown'],
    ['another container of the same name', { ...marked, pidSpace: 'pid:[2]' }, 'none', 'unknown'],
    ['a system that does not tell when processes begin', { ...marked, begun: null }, { begun: null }, 'unknown'],
    ['such a system, no process of that number', { ...marked, boot: null, begun: null }, 'none', 'gone'],
  ] as const)('%s: %j', (_what, process, look, state) => {
    expect(holderState(process, here, () => look)).toBe(state);
  });

  it('is said with who, what, where and since when', () => {
    expect(holderSentence(lockHolder('lock_1', { pid: 42, host: 'runner-7' }))).toBe(
      '`jv-staging deploy` of jo@laptop (process 42 on runner-7, since 2026-11-22T10:00:00.000Z)',
    );
  });
});
