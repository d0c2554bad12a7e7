import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partOf, violationsOf } from './support/architecture-rules.ts';
import { parseSource } from './support/source-file.ts';

const root = join(import.meta.dirname, '..');

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file))
  .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));

describe('the sources', () => {
  it('keep the rules of the house', () => {
    expect(sources.flatMap(violationsOf)).toEqual([]);
  });

  it('were really read: every folder of the house, with its imports and exports', () => {
    const parts = new Set(sources.map(({ path }) => partOf(path)));
    expect([...parts]).toEqual(expect.arrayContaining(['core', 'local', 'output', 'front']));
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(20);
    expect(sources.flatMap(({ exports }) => exports).length).toBeGreaterThan(80);
  });
});

/** Each rule with a source that breaks it, and what is then said. */
const planted: readonly (readonly [rule: string, path: string, source: string, problem: string])[] = [
  ['core imports no higher part', 'src/core/a.ts', "import { b } from '../config/b.ts'; b();", 'core imports config'],
  ['core imports no npm package', 'src/core/a.ts', "import { z } from 'zod'; z();", 'core imports the package zod'],
  [
    'core imports no node: module',
    'src/core/ports/a.ts',
    "import { join } from 'node:path'; join();",
    'core imports the package node:path',
  ],
  ['core imports nothing dynamically either', 'src/core/a.ts', "await import('node:fs');", 'core imports the package node:fs'],
  ['core names no type of a package either', 'src/core/a.ts', "const a: import('zod').ZodType = b;", 'core imports the package zod'],
  ['core re-exports nothing from above', 'src/core/a.ts', "export * from '../stages/b.ts';", 'core imports stages'],
  ['core takes the time as an argument', 'src/core/a.ts', 'const now = Date.now();', 'core uses Date.now(): it is handed in'],
  ['core takes the date as an argument', 'src/core/a.ts', 'const now = new Date();', 'core uses new Date(): it is handed in'],
  ['core takes randomness as an argument', 'src/core/a.ts', 'const a = Math.random();', 'core uses Math.random(): it is handed in'],
  ['stages import no neighbour', 'src/stages/a.ts', "import { b } from '../adapters/vercel/b.ts'; b();", 'stages imports adapters'],
  ['stages import no listr2', 'src/stages/a.ts', "import { Listr } from 'listr2'; Listr();", 'stages imports the package listr2'],
  ['stages do not fetch', 'src/stages/a.ts', "await fetch('http://x');", 'stages uses fetch(): HTTP goes through the adapters'],
  ['stages do not wait by themselves', 'src/stages/a.ts', 'setTimeout(b, 5);', 'stages uses setTimeout(): it is handed in'],
  ['adapters import no neighbour', 'src/adapters/vercel/a.ts', "import { b } from '../../output/b.ts'; b();", 'adapters imports output'],
  ['adapters draw nothing', 'src/adapters/vercel/a.ts', "import chalk from 'chalk'; chalk();", 'chalk belongs to output, not to adapters'],
  [
    'output runs no program',
    'src/output/a.ts',
    "import { execa } from 'execa'; execa();",
    'execa belongs to adapters, local, not to output',
  ],
  ['output reads no file', 'src/output/a.ts', "import { readFile } from 'node:fs/promises'; readFile();", 'node:fs/promises belongs to'],
  ['local knows nothing but core', 'src/local/a.ts', "import { b } from '../config/b.ts'; b();", 'local imports config'],
  [
    'a program of its own imports nothing of ours',
    'src/local/runtime/instance/a.ts',
    "import { b } from '../b.ts'; b();",
    'instance imports local',
  ],
  ['only config reads the environment', 'src/wiring/a.ts', 'const a = process.env.HOME;', 'wiring uses process.env'],
  [
    'only config reads the environment, whatever the spelling',
    'src/local/a.ts',
    "const a = process['env'].HOME;",
    'local uses process.env',
  ],
  ['commands import no adapter', 'src/commands/a.ts', "import { b } from '../adapters/b.ts'; b();", 'commands imports adapters'],
  ['commands import no library', 'src/commands/a.ts', "import { z } from 'zod'; z();", 'commands imports the package zod'],
  [
    'only commands, their base and the front know oclif',
    'src/output/a.ts',
    "import { ux } from '@oclif/core/ux'; ux();",
    '@oclif/core belongs to',
  ],
  ['nothing imports from outside src', 'src/output/a.ts', "import { b } from '../../test/b.ts'; b();", 'something outside of src/'],
  ['a new folder needs a place in the house', 'src/utils/a.ts', 'const a = 1;', 'belongs to no part of the house'],
  ['no default export outside commands', 'src/core/a.ts', '/** A. */\nexport default class A {}', 'has a default export'],
  ['exports are documented', 'src/core/a.ts', '// Not a doc comment.\nexport const a = 1;', 'exports a without a doc comment'],
  [
    'a doc comment must stand right before',
    'src/core/a.ts',
    '/** B. */\nconst b = 1;\nexport interface A {}',
    'exports A without a doc comment',
  ],
  ['no any', 'src/core/a.ts', 'const a: any = 1;', '`any` hides a type'],
  ['no as', 'src/core/a.ts', 'const a = b as string;', '`as` hides a type'],
  ['no non-null assertion', 'src/core/a.ts', 'const a = b!;', '`!` hides a type'],
  ['files are short', 'src/core/a.ts', 'a();\n'.repeat(261), 'has 261 lines, at most 260 are allowed'],
  ['commands are shorter', 'src/commands/a.ts', 'a();\n'.repeat(61), 'has 61 lines, at most 60 are allowed'],
];

describe('the rules', () => {
  it.each(planted)('notice when %s is broken', (_rule, path, source, problem) => {
    const violations = violationsOf(parseSource(path, source));

    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(new RegExp(`^${path}:\\d+: `));
    expect(violations[0]).toContain(problem);
  });

  it('let through what is allowed', () => {
    const command =
      "import { Flags } from '@oclif/core';\nimport { A } from '../base-command.ts';\n/** B. */\nexport default class B extends A { f = ['x'] as const; g = Flags; }";
    const config =
      "import { readFileSync } from 'node:fs';\nimport { z } from 'zod';\nimport { a } from '../core/a.ts';\n/** B. */\nexport const b = [readFileSync, z, a, process.env['X'], new Date(5)];";
    const output = "import { Listr } from 'listr2';\n/** A. */\nexport const a = () => Listr satisfies unknown;";

    expect(violationsOf(parseSource('src/commands/local/b.ts', command.replace('../base', '../../base')))).toEqual([]);
    expect(violationsOf(parseSource('src/config/b.ts', config))).toEqual([]);
    expect(violationsOf(parseSource('src/output/a.ts', output))).toEqual([]);
  });

  it('refuse a source that does not parse', () => {
    expect(() => parseSource('src/core/a.ts', 'const =')).toThrow('src/core/a.ts does not parse');
  });
});
