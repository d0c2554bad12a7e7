import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commands, problemsOf } from '../support/command-line.ts';

const root = join(import.meta.dirname, '../..');

const effects = z.strictObject({ readOnly: z.boolean(), destructive: z.boolean(), idempotent: z.boolean() });

const ids = Object.keys(commands);

describe('the commands of the manifest', () => {
  it('are those of the sources, all of them', async () => {
    const files = await readdir(join(root, 'src/commands'), { recursive: true });

    const sources = files.filter((file) => file.endsWith('.ts')).map((file) => file.replace(/\.ts$/, '').replaceAll(/[/\\]/g, ':'));

    expect(ids.toSorted()).toEqual(sources.toSorted());
    expect(ids.length).toBeGreaterThanOrEqual(14);
  });

  it.each(ids)('have a summary that is a sentence, examples, and a summary for every flag: %s', (id) => {
    const command = commands[id];

    expect(command?.summary).toMatch(/^[A-Z].*\.$/);
    expect(command?.examples).not.toEqual([]);
    for (const [name, { summary, description }] of Object.entries(command?.flags ?? {}))
      expect(summary ?? description, `--${name}`).toMatch(/^[A-Z].*\.$/);
  });

  // A fault is planted by whoever types it; an environment that plants one by itself would be a trap.
  it.each(ids.filter((id) => id !== 'local:fault:add'))('have a twin in the environment for every flag that is given once: %s', (id) => {
    for (const [name, { env, multiple }] of Object.entries(commands[id]?.flags ?? {}))
      if (name !== 'json' && name !== 'help' && multiple !== true) expect(env, `--${name}`).toMatch(/^JV_[A-Z0-9_]+$/);
  });

  it.each(ids)('declare what they do to the world: %s', async (id) => {
    const loaded: unknown = await import(join(root, 'src/commands', `${id.replaceAll(':', '/')}.ts`));

    const command = z.object({ default: z.custom<{ readonly effects: unknown }>((value) => typeof value === 'function') }).parse(loaded);
    const declared = effects.parse(command.default.effects);

    expect(declared.readOnly && declared.destructive).toBe(false);
    expect('dry-run' in (commands[id]?.flags ?? {}), 'who may destroy can show it first').toBe(declared.destructive || changing.has(id));
  });

  it.each(ids.flatMap((id) => (commands[id]?.examples ?? []).map((example) => [example, id] as const)))(
    'have examples that parse: %s',
    (example, id) => {
      expect(problemsOf(example, id)).toEqual([]);
    },
  );

  it.each([
    ['<%= config.bin %> smoke --ulr x', 'no flag --ulr'],
    ['<%= config.bin %> load --engine jmeter', '--engine jmeter is not offered'],
    ['<%= config.bin %> load --engine', '--engine lacks its value'],
    ['<%= config.bin %> smoke now', 'nothing takes now'],
    ['<%= config.bin %> up', 'another command'],
  ])('would not have the example %s', (example, problem) => {
    expect(problemsOf(example, example.split(' ')[3] === 'load' ? 'load' : 'smoke')).toEqual([problem]);
  });
});

/** Commands that change the environment without destroying anything, with --dry-run all the same. */
const changing = new Set([
  'report',
  'deploy',
  'ci:init',
  'docs',
  'init',
  'env:push',
  'preview:up',
  'provision',
  'rollback',
  'up',
  'secrets:export',
  'secrets:rotate',
  'secrets:set',
]);
