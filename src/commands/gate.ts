import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import type { GateLedger } from '../core/gate/ledger.ts';
import type { StageResult } from '../core/verdict.ts';

/** `jv-staging gate` */
export default class Gate extends StagingCommand {
  static override summary = 'Judge a release by every criterion of the plan: AC-1 to AC-13, FR-1 to FR-8, and the non-functional ones.';
  static override description =
    'Asks what is live, what the vendors and GitHub say, and reads the kept reports that are about this very commit. Each criterion has a verdict and the file it rests on, with its sha256. What is unknown or was measured too short does not pass; what only a person can say stands in the file of attestations, and is marked. The ledger is kept as a report: `jv-staging report` renders it as Markdown, HTML or JUnit.';
  static override examples = [
    '<%= config.bin %> gate',
    '<%= config.bin %> gate --pull-request 12 --json',
    '<%= config.bin %> gate --markdown',
    '<%= config.bin %> gate --commit 8f27b9b751c3145412d9eb690dc33726ce39b5db',
  ];
  static override flags = {
    commit: Flags.string({ helpValue: 'SHA', env: 'JV_COMMIT', summary: 'Full id of the commit (default: the one that is checked out).' }),
    'pull-request': Flags.integer({ min: 1, helpValue: 'N', env: 'JV_PULL_REQUEST', summary: 'Pull request whose reviews count.' }),
    markdown: Flags.boolean({
      env: 'JV_MARKDOWN',
      summary: 'Print the text of the pull request, in Markdown, by the sections of the original plan.',
    }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the stage's result with the ledger. */
  async run() {
    const { flags } = await this.parse(Gate);
    const choice = { commit: flags.commit, pullRequest: flags['pull-request'] };
    const judged = await this.runStage(flags, (app) => app.gate(choice), {
      report: { command: 'gate' },
      ...(flags.markdown ? { shownBy: (result: StageResult<GateLedger>) => this.printed.ledgerMarkdown(result) } : {}),
    });
    // The table is longer than a screen: what it came to stands above the prompt, too, as the error of a red gate does.
    if (!flags.markdown && 'summary' in judged) this.printed.line(`✔ ${judged.summary}`);
    return judged;
  }
}
