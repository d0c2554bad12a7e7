import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { changingFlags, gateFlags, gateOptions } from '../shared-flags.ts';

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
  ];
  static override flags = {
    ...gateFlags,
    'wait-lock': changingFlags['wait-lock'],
    path: Flags.string({ helpValue: 'PATH', default: '/', env: 'JV_PATH', summary: 'Path to request, with --url.' }),
    vus: Flags.integer({ min: 1, helpValue: 'N', env: 'JV_VUS', summary: 'Most virtual users; the profile’s stages are scaled to it.' }),
    duration: Flags.string({
      helpValue: 'DURATION',
      env: 'JV_DURATION',
      summary: 'Length of the whole run, e.g. 30s; the stages are stretched to it.',
    }),
    profile: Flags.string({ helpValue: 'NAME', env: 'JV_PROFILE', summary: 'Ramp: short, full, or one of the configuration.' }),
    'i-own-this-target': Flags.string({
      helpValue: 'HOST',
      env: 'JV_I_OWN_THIS_TARGET',
      summary: 'Load this host though it does not show that it is staging.',
    }),
    engine: Flags.option({
      options: ['auto', 'k6', 'embedded'] as const,
      default: 'auto',
      env: 'JV_ENGINE',
      summary: 'What drives the load.',
    })(),
    emit: Flags.option({ options: ['k6'] as const, env: 'JV_EMIT', summary: 'Print the load as a k6 script; send nothing.' })(),
    script: Flags.string({
      helpValue: 'FILE',
      env: 'JV_SCRIPT',
      summary: 'Run this k6 script instead of the journey; it is linted first.',
    }),
    compare: Flags.string({ helpValue: 'RUN', env: 'JV_COMPARE', summary: 'Compare with the load of this earlier run.' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result, or the script. */
  async run() {
    const { flags } = await this.parse(Load);
    const { url, path, vus, duration, profile, engine, script, compare, 'i-own-this-target': ownedHost } = flags;
    const choice = { url, path, vus, duration, profile, engine, script, compare, ownedHost };
    if (flags.emit === undefined) return this.runStage(flags, (app) => app.load(choice), gateOptions('load', flags));
    const emitted = await this.withApp(flags, async (app) => app.loadScript(choice), gateOptions('load', flags).config);
    this.printed.line(emitted.trimEnd());
    return { script: emitted };
  }
}
