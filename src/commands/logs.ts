import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { type LogEntry, logLine, logSources } from '../core/logs/logs.ts';
import { type EnvironmentLogs, shownLogs } from '../stages/logs.ts';

/** `jv-staging logs` */
export default class Logs extends StagingCommand {
  static override summary = 'Show what the app, Postgres and Auth wrote, merged by time.';
  static override description =
    'Secrets are hidden and control characters made visible. With `--json` one envelope; with `--follow --json` one a line, each with an entry. Ctrl-C ends `--follow`, with 0.';
  static override examples = [
    '<%= config.bin %> logs',
    '<%= config.bin %> logs --since 1h --grep error',
    '<%= config.bin %> logs --source postgres --source auth --json',
    '<%= config.bin %> logs --follow',
  ];
  static override flags = {
    follow: Flags.boolean({ env: 'JV_FOLLOW', summary: 'Go on with what comes.' }),
    since: Flags.string({ helpValue: 'DURATION', default: '10m', env: 'JV_SINCE', summary: 'How far back, 24h at most.' }),
    grep: Flags.string({ helpValue: 'TEXT', env: 'JV_GREP', summary: 'Only lines that hold this text, whatever the case.' }),
    limit: Flags.integer({ min: 1, default: 200, helpValue: 'N', env: 'JV_LIMIT', summary: 'How many of the newest lines to print.' }),
    source: Flags.option({ options: logSources, multiple: true, summary: 'Only this log.' })(),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  private follows = false;

  /** Returns the logs; with `--follow` it has printed them, each entry as an answer of its own. */
  async run(): Promise<EnvironmentLogs | LogEntry | null> {
    const { flags } = await this.parse(Logs);
    const { since, grep, source, follow, limit } = flags;
    const wanted = { since, grep, sources: source ?? logSources };
    this.follows = follow;
    return this.withApp(flags, async (app) => {
      await this.draw(app, app.preparation, { changes: false, flags });
      if (!follow) {
        const logs = await app.logs.read(wanted);
        const { lines, notes } = shownLogs(logs, this.jsonEnabled() ? Infinity : limit);
        for (const line of lines) this.printed.line(line);
        for (const note of notes) this.printed.warning(note);
        return logs;
      }
      for await (const entries of app.logs.follow(wanted)) {
        for (const entry of entries) {
          if (this.jsonEnabled()) this.printed.success('logs', entry);
          else this.printed.line(logLine(entry));
        }
      }
      return null;
    });
  }

  protected override logJson(json: unknown): void {
    if (!this.follows) super.logJson(json);
  }
}
