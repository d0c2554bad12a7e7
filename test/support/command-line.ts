import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');

const flag = z.object({
  type: z.enum(['boolean', 'option']),
  options: z.array(z.string()).optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
  env: z.string().optional(),
  multiple: z.boolean().optional(),
});
const manifest = z.object({
  commands: z.record(
    z.string(),
    z.object({
      summary: z.string(),
      examples: z.array(z.string()),
      args: z.record(z.string(), z.unknown()),
      flags: z.record(z.string(), flag),
    }),
  ),
});

/** The commands of the manifest by id. */
export const { commands } = manifest.parse(JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')));

/** Returns what a command line says that its command does not understand. */
export function problemsOf(example: string, id: string): readonly string[] {
  const [bin, ...words] = example
    .replace(/^eval "\$\((.*)\)"$/, '$1')
    // What is piped in comes from the user's own programs.
    .replace(/^[^|]* \| /, '')
    .replace('<%= config.bin %>', 'jv-staging')
    .split(' ');
  const path = id.split(':');
  if (bin !== 'jv-staging' || path.some((part, index) => words[index] !== part)) return ['another command'];
  const problems: string[] = [];
  let places = Object.keys(commands[id]?.args ?? {}).length;
  const rest = words.slice(path.length);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const known = word.startsWith('--') ? commands[id]?.flags[word.slice(2)] : undefined;
    places -= word.startsWith('--') ? 0 : 1;
    if (known === undefined && (word.startsWith('--') || places < 0))
      problems.push(word.startsWith('--') ? `no flag ${word}` : `nothing takes ${word}`);
    if (known === undefined && word.startsWith('--') && rest[0]?.startsWith('--') === false) rest.shift();
    if (known?.type !== 'option') continue;
    const value = rest.shift();
    if (value === undefined) problems.push(`${word} lacks its value`);
    else if (known.options !== undefined && !known.options.includes(value)) problems.push(`${word} ${value} is not offered`);
  }
  return problems;
}
