import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { requires } from '../support/requires.ts';

const it = requires('git', 'redis-server');
const root = resolve(import.meta.dirname, '../..');

it('a release comes back by itself, with its schema and its rows, as the README walks through it', async () => {
  const run = await execa(join(root, 'fixtures/walk-through.sh'), [], { reject: false, stdin: 'ignore', env: { NO_COLOR: '1' } });

  expect(run, `${run.stdout}\n${run.stderr}`).toMatchObject({ exitCode: 0 });
  expect(run.stdout).toMatch(/back: RTO \d+\.\d s\nforward: RTO \d+\.\d s/);
  expect(run.stdout).toContain('All as promised.');
});
