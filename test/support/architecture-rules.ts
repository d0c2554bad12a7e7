import { posix } from 'node:path';
import type { Located, SourceFile } from './source-file.ts';

/** A part of the house (`design.md` §1): a folder, or a few files of `src/`. */
type Part =
  | 'commands'
  | 'front'
  | 'base'
  | 'wiring'
  | 'stages'
  | 'adapters'
  | 'output'
  | 'local'
  | 'instance'
  | 'config'
  | 'core'
  | 'library';

interface Rule {
  /** Parts that it may import, itself included. Imports point down; neighbours never meet. */
  readonly imports: readonly Part[];
  /** Packages and `node:` modules that it may import: all, or none but those named. */
  readonly packages: 'any' | readonly string[];
}

const lower: readonly Part[] = ['config', 'core'];

const rules: Readonly<Record<Part, Rule>> = {
  commands: { imports: ['base', 'wiring', 'stages', 'output', ...lower], packages: ['@oclif/core'] },
  front: { imports: ['front', 'output', ...lower], packages: ['@oclif/core'] },
  base: { imports: ['base', 'wiring', 'stages', 'output', ...lower], packages: ['@oclif/core'] },
  wiring: { imports: ['wiring', 'stages', 'adapters', 'output', 'local', ...lower], packages: 'any' },
  stages: { imports: ['stages', ...lower], packages: [] },
  adapters: { imports: ['adapters', ...lower], packages: 'any' },
  output: { imports: ['output', ...lower], packages: 'any' },
  local: { imports: ['local', 'core'], packages: 'any' },
  // The program that deployed functions live in: files of its own, in the function's environment.
  instance: { imports: ['instance'], packages: 'any' },
  config: { imports: ['config', 'core'], packages: 'any' },
  core: { imports: ['core'], packages: [] },
  library: { imports: lower, packages: [] },
};

/** Packages that only these parts may import. */
const reserved: readonly { readonly packages: readonly string[]; readonly parts: readonly Part[] }[] = [
  { packages: ['listr2', 'chalk', 'echarts', 'cli-table3'], parts: ['output'] },
  { packages: ['@oclif/core'], parts: ['commands', 'base', 'front'] },
  { packages: ['execa', 'node:child_process', 'child_process'], parts: ['adapters', 'local'] },
  { packages: ['node:fs', 'node:fs/promises', 'fs', 'fs/promises'], parts: ['adapters', 'local', 'instance', 'config'] },
  {
    packages: ['undici', 'ioredis', 'postgres', 'bullmq', '@supabase/supabase-js', '@upstash/redis', 'lighthouse'],
    parts: ['adapters', 'local'],
  },
];

/** What only these parts may use. */
const reservedUses: readonly { readonly uses: readonly string[]; readonly parts: readonly Part[]; readonly why: string }[] = [
  { uses: ['process.env'], parts: ['config', 'instance'], why: 'src/config is the sole reader of the environment' },
  { uses: ['fetch()', 'globalThis.fetch()'], parts: ['adapters', 'local'], why: 'HTTP goes through the adapters' },
];

/** What core and stages may not use: time, randomness and waiting are handed in. */
const impure = [
  'Date.now()',
  'new Date()',
  'Date()',
  'Math.random()',
  'performance.now()',
  'crypto.randomUUID()',
  'setTimeout()',
  'setInterval()',
];

const maxLines = 260;
const maxCommandLines = 60;

/** Returns what is wrong in a file of `src/` by the rules of the house, each as `path:line: what`. */
export function violationsOf(file: SourceFile): readonly string[] {
  const part = partOf(file.path);
  if (part === undefined) return [`${file.path}:1: belongs to no part of the house`];
  return [
    ...file.imports.flatMap((imported) => importProblem(file, part, imported)),
    ...file.uses.flatMap((used) => useProblem(part, used).map((problem) => at(file, used, problem))),
    ...file.casts.map((cast) => at(file, cast, `\`${cast.text}\` hides a type`)),
    ...exportProblems(file, part),
    ...sizeProblems(file, part),
  ];
}

/** Returns the part of the house that a path belongs to, or undefined. */
export function partOf(path: string): Part | undefined {
  if (path.startsWith('src/local/runtime/instance/')) return 'instance';
  const [, first = '', ...rest] = path.split('/');
  const folders: readonly Part[] = ['commands', 'wiring', 'stages', 'adapters', 'output', 'local', 'config', 'core'];
  if (rest.length > 0) return folders.find((folder) => folder === first);
  const files: Readonly<Record<string, Part>> = {
    'base-command.ts': 'base',
    'shared-flags.ts': 'base',
    'init-flags.ts': 'base',
    'wiring.ts': 'wiring',
    'cli.ts': 'front',
    'run-command.ts': 'front',
    'index.ts': 'library',
  };
  return files[first];
}

function importProblem(file: SourceFile, part: Part, imported: Located): readonly string[] {
  const { text } = imported;
  if (text === '(computed)') return part === 'config' || part === 'instance' ? [] : [at(file, imported, 'imports a computed path')];
  if (text.startsWith('.')) {
    const target = partOf(posix.normalize(posix.join(posix.dirname(file.path), text)));
    if (target !== undefined && rules[part].imports.includes(target)) return [];
    return [at(file, imported, `${part} imports ${target ?? 'something outside of src/'}: ${text}`)];
  }
  const name = packageOf(text);
  const allowed = rules[part].packages;
  if (allowed !== 'any' && !allowed.includes(name)) return [at(file, imported, `${part} imports the package ${name}`)];
  const owners = reserved.find(({ packages }) => packages.includes(name) || packages.includes(text))?.parts;
  return owners === undefined || owners.includes(part)
    ? []
    : [at(file, imported, `${name} belongs to ${owners.join(', ')}, not to ${part}`)];
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function useProblem(part: Part, used: Located): readonly string[] {
  if ((part === 'core' || part === 'stages') && impure.includes(used.text)) return [`${part} uses ${used.text}: it is handed in`];
  return reservedUses
    .filter(({ uses, parts }) => uses.includes(used.text) && !parts.includes(part))
    .map(({ why }) => `${part} uses ${used.text}: ${why}`);
}

function exportProblems(file: SourceFile, part: Part): readonly string[] {
  return file.exports.flatMap((exported) => [
    ...(exported.isDefault && part !== 'commands' ? [at(file, exported, 'has a default export')] : []),
    ...(exported.documented ? [] : [at(file, exported, `exports ${exported.text} without a doc comment`)]),
  ]);
}

function sizeProblems(file: SourceFile, part: Part): readonly string[] {
  const limit = part === 'commands' ? maxCommandLines : maxLines;
  return file.lines > limit ? [`${file.path}:${limit}: has ${file.lines} lines, at most ${limit} are allowed`] : [];
}

function at(file: SourceFile, { line }: Located, problem: string): string {
  return `${file.path}:${line}: ${problem}`;
}
