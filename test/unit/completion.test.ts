import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { completionScript, shells } from '../../src/core/completion/scripts.ts';
import type { CompletedCommand } from '../../src/core/completion/words.ts';
import { findComponent, requires } from '../support/requires.ts';

const flag = z.object({ name: z.string(), type: z.string(), options: z.array(z.string()).default([]), summary: z.string().default('') });
const manifest = z.object({
  commands: z.record(z.string(), z.object({ id: z.string(), summary: z.string(), flags: z.record(z.string(), flag) })),
});
const read: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../oclif.manifest.json'), 'utf8'));
const commands: readonly CompletedCommand[] = Object.values(manifest.parse(read).commands).map(({ id, summary, flags }) => ({
  id,
  summary,
  flags: Object.values(flags).map((one) => ({
    name: one.name,
    takesValue: one.type === 'option',
    values: one.options,
    summary: one.summary,
  })),
  values: id === 'completion' ? shells : [],
}));

/** What bash offers after these words; the last one is being typed. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const script = completionScript('bash', 'jv-staging', commands);
  const call = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _jv_staging; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await execa('bash', ['-uc', `${script}\n${call}`, 'bash', 'jv-staging', ...words]);
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it('offers commands, topics and what is below them', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['deploy', 'local', 'up']));
    expect(await offered('roll')).toEqual(['rollback']);
    expect(await offered('local', 'fault', '')).toEqual(expect.arrayContaining(['add', 'clear', 'ls']));
    expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });

  it('offers the flags of the command, and the values of a flag that has a few', async () => {
    expect(await offered('load', '--prof')).toEqual(['--profile']);
    expect(await offered('load', '--engine', '')).toEqual(['auto', 'k6', 'embedded']);
    expect(await offered('up', '--json', '--target', 'l')).toEqual(['local']);
    expect(await offered('up', '--engine', '')).not.toContain('k6');
  });

  it('leaves files to the shell where a flag takes one, and offers nothing after words that mean nothing', async () => {
    expect(await offered('up', '--config', '')).toEqual([]);
    expect(await offered('no', 'such', '')).toEqual([]);
  });
});

const hostile: readonly CompletedCommand[] = [{ id: 'a:b', summary: `it's $(exit 1) \`x\` "y" \\`, flags: [], values: [] }];
const scriptsOf = (shell: (typeof shells)[number]) => [commands, hostile].map((known) => completionScript(shell, 'jv-staging', known));

/** The words that zsh and fish offer come from their own line editors; that they read the script is what is asked here. */
async function readable(program: string, shell: (typeof shells)[number]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'jv-shell-'));
  for (const script of scriptsOf(shell)) {
    await writeFile(join(folder, 'script'), script);
    const checked = await execa(program, ['-n', join(folder, 'script')], { reject: false });
    expect(checked).toMatchObject({ exitCode: 0, stderr: '' });
  }
  await rm(folder, { recursive: true });
}

describe('the scripts', () => {
  it('of bash, and no summary is taken for code', () => readable('bash', 'bash'));
  requires('zsh')('of zsh', () => readable(findComponent('zsh') ?? '', 'zsh'));
  requires('fish')('of fish', async () => {
    await readable(findComponent('fish') ?? '', 'fish');
    const call = `${completionScript('fish', 'jv-staging', commands)}complete -C 'jv-staging load --engine '`;

    const { stdout } = await execa(findComponent('fish') ?? '', ['--no-config', '-c', call]);

    expect(stdout.split('\n').map((line) => line.split('\t')[0])).toEqual(expect.arrayContaining(['auto', 'embedded', 'k6']));
  });
});
