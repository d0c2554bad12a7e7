import { Args } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { completionScript, shells } from '../core/completion/scripts.ts';
import type { CompletedCommand } from '../core/completion/words.ts';

/** `jv-staging completion` */
export default class Completion extends StagingCommand {
  static override summary = 'Print the script that makes your shell complete commands, flags and their values.';
  static override description =
    'bash: eval "$(jv-staging completion bash)" in ~/.bashrc; zsh: the same with zsh in ~/.zshrc, after compinit; fish: write it to ~/.config/fish/completions/jv-staging.fish. All words stand in the script, so completing starts no program; print it again after an update.';
  static override examples = [
    '<%= config.bin %> completion bash',
    'eval "$(<%= config.bin %> completion zsh)"',
    '<%= config.bin %> completion fish',
  ];
  static override args = { shell: Args.string({ options: [...shells], required: true, description: 'The shell: bash, zsh or fish.' }) };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the script. */
  async run() {
    const { args } = await this.parse(Completion);
    const shell = shells.find((candidate) => candidate === args.shell) ?? 'bash';
    const script = completionScript(shell, this.config.bin, this.completed());
    this.printed.line(script.trimEnd());
    return { shell, script };
  }

  /** The commands as the manifest has them. */
  private completed(): readonly CompletedCommand[] {
    return this.config.commands
      .filter(({ hidden }) => !hidden)
      .map(({ id, summary = '', flags, args }) => ({
        id,
        summary,
        flags: Object.values(flags).map((flag) => ({
          name: flag.name,
          takesValue: flag.type === 'option',
          values: 'options' in flag ? (flag.options ?? []) : [],
          summary: flag.summary ?? flag.description ?? '',
        })),
        values: Object.values(args).flatMap(({ options = [] }) => options),
      }));
  }
}
