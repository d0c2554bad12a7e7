import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { stageFlags } from '../shared-flags.ts';

/** `jv-staging deploy` */
export default class Deploy extends StagingCommand {
  static override summary = 'Put out a release: build, upload, migrate, smoke on its own address, move the domain, record.';
  static override description =
    'The domain moves only when smoke on the deployment’s own address is green, and moves back when smoke on the domain is red. Migrations that take something away wait for `--contract` after a green release. A run that was cut off is carried on with.';
  static override examples = [
    '<%= config.bin %> deploy',
    '<%= config.bin %> deploy --contract',
    '<%= config.bin %> deploy --git develop --json',
  ];
  static override flags = {
    ...stageFlags,
    prebuilt: Flags.string({ helpValue: 'DIR', env: 'JV_PREBUILT', summary: 'Put out this build output; nothing is built.' }),
    git: Flags.string({
      helpValue: 'REF',
      env: 'JV_GIT',
      summary: 'Put out this branch, tag or commit, checked out and built beside the tree.',
    }),
    contract: Flags.boolean({
      default: false,
      env: 'JV_CONTRACT',
      summary: 'Apply the contract migrations, too, that waited for the live release to be green.',
    }),
    rehearse: Flags.boolean({
      default: false,
      env: 'JV_REHEARSE',
      summary: 'First prove reverse scripts on a copy of the database (in the cloud a branch, which costs).',
    }),
    'auto-rollback': Flags.boolean({
      default: true,
      allowNo: true,
      env: 'JV_AUTO_ROLLBACK',
      summary: 'Move the domain back by itself when smoke is red there.',
    }),
    'accept-no-restore-point': Flags.boolean({
      default: false,
      env: 'JV_ACCEPT_NO_RESTORE_POINT',
      summary: 'Go on where no restore point can be kept: what those migrations change cannot be taken back.',
    }),
    'ready-within': Flags.string({
      default: '15m',
      helpValue: '15m',
      env: 'JV_READY_WITHIN',
      summary: 'How long the deployment may take to become ready.',
    }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: false };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Deploy);
    const { prebuilt, git, contract, rehearse, 'auto-rollback': autoRollback, 'accept-no-restore-point': acceptNoRestorePoint } = flags;
    const choice = { contract, rehearse, autoRollback, acceptNoRestorePoint, readyWithin: flags['ready-within'] };
    return this.runStage(flags, (app) => app.deploy({ source: { prebuilt, git }, ...choice }), { undoOnFailure: true });
  }
}
