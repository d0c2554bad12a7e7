import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { gateFlags, gateOptions } from '../shared-flags.ts';

/** `jv-staging smoke` */
export default class Smoke extends StagingCommand {
  static override summary = 'Check that the app works: pages, sign-in, API, database, Redis, Realtime, queue, headers.';
  static override description =
    'Without --url every check of the configuration runs against the environment’s domain. With only --url no configuration and no credentials are needed: what can be seen from outside decides (verdict "outside only"). With --watch the checks that sign nobody in and change nothing are repeated, and the availability is held against 99 %; Ctrl-C ends it with the verdict so far.';
  static override examples = [
    '<%= config.bin %> smoke',
    '<%= config.bin %> smoke --url https://staging.example.com',
    '<%= config.bin %> smoke --only health --only home',
    '<%= config.bin %> smoke --watch --for 10m',
  ];
  static override flags = {
    ...gateFlags,
    only: Flags.string({ helpValue: 'ID', multiple: true, summary: 'Run only this check.' }),
    watch: Flags.boolean({ env: 'JV_WATCH', summary: 'Repeat the checks, and judge the availability.' }),
    for: Flags.string({ helpValue: 'DURATION', env: 'JV_FOR', dependsOn: ['watch'], summary: 'How long to watch (default: 10m).' }),
    every: Flags.string({ helpValue: 'DURATION', env: 'JV_EVERY', dependsOn: ['watch'], summary: 'Time between two looks (default: 5s).' }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Smoke);
    const { url, only, watch, for: length = '10m', every = '5s' } = flags;
    const options = gateOptions('smoke', flags);
    if (!watch) return this.runStage(flags, (app) => app.smoke({ url, only }), options);
    const report = { command: 'smoke', stage: 'watch', url, dir: flags.report } as const;
    return this.runStage(flags, (app) => app.watch({ url, only, for: length, every }), { ...options, report });
  }
}
