import { describe, expect, it } from 'vitest';
import { type CommandManifest, commandsBelow, type Manifest, routeOf } from '../../../src/core/manifest.ts';

const command = (id: string, more: Partial<CommandManifest> = {}): CommandManifest => ({ id, flags: {}, args: {}, ...more });

const manifest: Manifest = {
  version: '1.0.0',
  commands: {
    smoke: command('smoke'),
    'local:start': command('local:start'),
    'local:fault:add': command('local:fault:add'),
    rollback: command('rollback', { args: { release: { name: 'release' } } }),
    secrets: command('secrets'),
    'secrets:export': command('secrets:export'),
    probe: command('probe', { hidden: true }),
  },
};

describe('routeOf', () => {
  it.each([
    ['smoke', 'smoke', []],
    ['smoke --url http://x --json', 'smoke', ['--url', 'http://x', '--json']],
    ['local start --json', 'local:start', ['--json']],
    ['local fault add', 'local:fault:add', []],
    ['rollback rel_1 --yes', 'rollback', ['rel_1', '--yes']],
    ['smoke too many words', 'smoke', ['too', 'many', 'words']],
    ['secrets export', 'secrets:export', []],
    ['secrets', 'secrets', []],
    ['probe', 'probe', []],
  ])('takes `%s` for %s', (line, id, rest) => {
    const route = routeOf(manifest, line.split(' '));

    expect(route).toMatchObject({ kind: 'command', command: { id }, rest });
  });

  it.each([
    ['local', { kind: 'topic', topic: 'local' }],
    ['local fault --help', { kind: 'topic', topic: 'local:fault' }],
    ['--help', { kind: 'root' }],
    ['smkoe --json', { kind: 'unknown', words: 'smkoe' }],
    ['local strat', { kind: 'unknown', words: 'local strat' }],
    ['secrets exprot', { kind: 'unknown', words: 'secrets exprot' }],
    ['constructor', { kind: 'unknown', words: 'constructor' }],
  ])('takes `%s` for %j', (line, route) => {
    expect(routeOf(manifest, line.split(' '))).toEqual(route);
  });

  it('takes no words for the tool itself', () => {
    expect(routeOf(manifest, [])).toEqual({ kind: 'root' });
  });
});

describe('commandsBelow', () => {
  it('lists by id and leaves hidden commands out', () => {
    expect(commandsBelow(manifest, undefined).map(({ id }) => id)).toEqual([
      'local:fault:add',
      'local:start',
      'rollback',
      'secrets',
      'secrets:export',
      'smoke',
    ]);
    expect(commandsBelow(manifest, 'local').map(({ id }) => id)).toEqual(['local:fault:add', 'local:start']);
  });
});
