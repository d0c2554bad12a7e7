import { Flags } from '@oclif/core';
import { gateOptions, StagingCommand } from '../base-command.ts';
import { gateFlags } from '../shared-flags.ts';

/** `jv-staging smoke` */
export default class Smoke extends StagingCommand {
  static override summary = 'Check that the app works: pages, sign-in, API, database, Redis, Realtime, queue, headers.';
  static override description =
    'Without --url every check of the configuration runs against the environment’s domain. With only --url no configuration and no credentials are needed: what can be seen from outside decides (verdict "outside only").';
  static override examples = [
    '<%= config.bin %> smoke',
    '<%= config.bin %> smoke --url https://staging.example.com',
    '<%= config.bin %> smoke --only health --only home',
  ];
  static override flags = {
    ...gateFlags,
    only: Flags.string({ helpValue: 'ID', multiple: true, summary: 'Run only this check; may be given several times.' }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Smoke);
    return this.runStage(flags, (app) => app.smoke({ url: flags.url, only: flags.only }), gateOptions('smoke', flags));
  }
}
