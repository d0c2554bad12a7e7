import { describe, expect, test } from 'vitest';
import { stateSealing } from '../../src/adapters/files/sealed.ts';
import { resealedHistory } from '../../src/core/release/reseal.ts';
import { formerKeys, formerKeysLine } from '../../src/core/secrets/former-keys.ts';
import { releaseRecord } from '../support/release-record.ts';

const [oldKey, newKey] = ['o'.repeat(43), 'n'.repeat(43)];
const [before, ring, after] = [stateSealing(oldKey), stateSealing(newKey, [oldKey]), stateSealing(newKey)];
const prints = (values: Readonly<Record<string, string>>, sealing = before) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, sealing.fingerprint(value)]));

describe('a history under a new state key', () => {
  test('snapshots open with it alone, and fingerprints of known values are its own', () => {
    const values = { A: '1', B: '2' };
    const history = [
      releaseRecord('rel_1', null, { envFingerprints: prints(values), envSnapshot: before.seal(values) }),
      releaseRecord('rel_2', 'rel_1', { envFingerprints: prints({ ...values, C: '3' }), envSnapshot: before.seal({ A: '1' }) }),
      releaseRecord('rel_3', 'rel_2'),
    ];

    const { records, unopened } = resealedHistory(history, ring, { A: 'of today', B: '2', C: '3' });

    expect(unopened).toEqual([]);
    expect(records.map(({ envSnapshot }) => (envSnapshot === null ? null : after.open(envSnapshot)))).toEqual([values, { A: '1' }, null]);
    // B of the second release is known from the first one's snapshot, C from today's value.
    expect(records[1]?.envFingerprints).toEqual(prints({ A: '1', B: '2', C: '3' }, after));
    const unsealed = { envFingerprints: {}, envSnapshot: null };
    expect(records.map((record) => ({ ...record, ...unsealed }))).toEqual(history.map((record) => ({ ...record, ...unsealed })));
    expect(resealedHistory(records, ring, { A: '', B: '', C: '' }).records.map(({ envFingerprints }) => envFingerprints)).toEqual(
      records.map(({ envFingerprints }) => envFingerprints),
    );
  });

  test('what is not written anew on the platform keeps its fingerprint, and what no key opens stays as it was', () => {
    const lost = stateSealing('l'.repeat(43));
    const history = [
      releaseRecord('rel_1', null, { envFingerprints: prints({ GONE: '1' }), envSnapshot: before.seal({ GONE: '1' }) }),
      releaseRecord('rel_2', 'rel_1', { envFingerprints: prints({ A: '1' }, lost), envSnapshot: lost.seal({ A: '1' }) }),
    ];

    const { records, unopened } = resealedHistory(history, ring, { A: '1' });

    expect(records[0]?.envFingerprints).toEqual(prints({ GONE: '1' }));
    expect(after.open(records[0]?.envSnapshot ?? '')).toEqual({ GONE: '1' });
    expect(records[1]).toEqual(history[1]);
    expect(unopened).toEqual(['rel_2']);
  });
});

describe('former state keys', () => {
  test('come newest first, each once, and never today’s', () => {
    expect(formerKeysLine('b', 'a', 'c')).toBe('b,a');
    expect(formerKeysLine('c', 'b,a', 'c')).toBe('b,a');
    expect(formerKeysLine('a', 'b, a ,', 'c')).toBe('a,b');
    expect(formerKeysLine(undefined, undefined, 'c')).toBe('');
    expect(formerKeys(formerKeysLine('b', 'a', 'c'))).toEqual(['b', 'a']);
    expect(formerKeys('')).toEqual([]);
  });
});
