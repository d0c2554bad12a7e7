import { describe, expect, test } from 'vitest';
import { buildVariables, hiddenText, leftOutText } from '../../src/core/build/variables.ts';

const file = (name: string, values: Readonly<Record<string, string>>) => ({ name, values });

describe('what a build sees', () => {
  test('it is the environment’s own variables, and nothing of a file of this machine', () => {
    const local = [file('.env.local', { NEXT_PUBLIC_URL: 'http://localhost', DATABASE_URL: 'postgres://mine' })];

    const { variables, hidden } = buildVariables({ local, shared: [] }, { NEXT_PUBLIC_URL: 'https://staging', OTHER: 'x' });

    expect(variables).toEqual({ NEXT_PUBLIC_URL: 'https://staging', DATABASE_URL: '', OTHER: 'x' });
    expect(hidden).toEqual([{ file: '.env.local', names: ['DATABASE_URL', 'NEXT_PUBLIC_URL'] }]);
    expect(hiddenText(hidden)).toBe('.env.local is not read (DATABASE_URL, NEXT_PUBLIC_URL)');
  });

  test('a local file takes nothing from what the app’s shared files say', () => {
    const local = [file('.env.local', { TITLE: 'Mine', ONLY_HERE: '1' })];
    const shared = [file('.env.production', { TITLE: 'Ours' }), file('.env', { TITLE: 'Anything', FLAG: 'on' })];

    expect(buildVariables({ local, shared }, {}).variables).toEqual({ TITLE: 'Ours', ONLY_HERE: '' });
  });

  test('a shared value that is made of others, and that a local file would override, is refused by name', () => {
    const files = { local: [file('.env.local', { API: 'x' })], shared: [file('.env', { API: 'https://$HOST' })] };

    expect(() => buildVariables(files, {})).toThrow(
      expect.objectContaining({ kind: 'refused', code: 'BUILD_VARIABLE_UNCLEAR', message: expect.stringContaining('API') }),
    );
    expect(buildVariables(files, { API: 'https://staging' }).variables).toEqual({ API: 'https://staging' });
  });

  test('without local files a build sees what it did before, and nothing is said', () => {
    const { variables, hidden } = buildVariables({ local: [file('.env.local', {})], shared: [file('.env', { A: '1' })] }, { B: '2' });

    expect(variables).toEqual({ B: '2' });
    expect(hiddenText(hidden)).toBe('');
  });
});

describe('what is said of files that were not uploaded', () => {
  test('they are named, and of a shared one the variables that the project lacks', () => {
    const shared = [file('.env', { A: '1', B: '2' })];

    expect(leftOutText(['web/.env', 'web/.env.local'], shared, ['B'])).toBe('; not uploaded: web/.env (`env` lacks its A), web/.env.local');
    expect(leftOutText([], shared, [])).toBe('');
  });
});
