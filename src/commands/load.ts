import { StagingCommand } from '../base-command.ts';
import { changingFlags, gateFlags, gateOptions, loadFlags } from '../shared-flags.ts';

/** `jv-staging load` */
export default class Load extends StagingCommand {
  static override summary = 'Drive virtual users through a journey and hold the answers against the thresholds.';
  static override description =
    'Runs k6 where there is one, otherwise the embedded engine; the result names the engine. With only --url no configuration is needed.';
  static override examples = [
    '<%= config.bin %> load --vus 50',
    '<%= config.bin %> load --url http://127.0.0.1:3000 --path /api/health --vus 50 --duration 30s',
    '<%= config.bin %> load --profile full --engine k6',
    '<%= config.bin %> load --emit k6',
    '<%= config.bin %> load --script load.js',
    '<%= config.bin %> load --vus 2000 --distribute k8s --parallelism 8',
  ];
  static override flags = {
    ...gateFlags,
    'wait-lock': changingFlags['wait-lock'],
    ...loadFlags,
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result, or the script. */
  async run() {
    const { flags } = await this.parse(Load);
    const choice = { ...flags, ownedHost: flags['i-own-this-target'], kubeContext: flags['kube-context'] };
    if (flags.emit === undefined) return this.runStage(flags, (app) => app.load(choice), gateOptions('load', flags));
    const emitted = await this.withApp(flags, async (app) => app.loadScript(choice), gateOptions('load', flags).config);
    this.printed.line(emitted.trimEnd());
    return { script: emitted };
  }
}
