import { StagingCommand } from '../../base-command.ts';
import { StagingError } from '../../core/errors.ts';
import { migrationsInTheWay } from '../../core/migrate/status.ts';
import { migrateFlags } from '../../shared-flags.ts';

/** `jv-staging migrate status` */
export default class MigrateStatus extends StagingCommand {
  static override summary = 'Show how each migration stands: applied, pending, edited since, out of order, broken half way.';
  static override description =
    'Reads the ledger of the Supabase CLI; changes nothing. With `--db-url-env` any Postgres is looked at, and no configuration is needed. Ends with 5 when a file is in the way of any more migrations.';
  static override examples = [
    '<%= config.bin %> migrate status',
    '<%= config.bin %> migrate status --db-url-env DATABASE_URL --dir supabase/migrations',
  ];
  static override flags = migrateFlags;
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns how the migrations stand. Throws `MIGRATIONS_IN_THE_WAY` (exit 5), `DB_URL_MISSING` (exit 2). */
  async run() {
    const { flags } = await this.parse(MigrateStatus);
    const dbUrlEnv = flags['db-url-env'];
    const show = async (app: Parameters<Parameters<typeof this.withApp>[1]>[0]) => {
      if (dbUrlEnv === undefined) await this.draw(app, app.preparation, { changes: false, flags });
      const status = await app.migrate.status({ dbUrlEnv, dir: flags.dir });
      this.printed.migrations(status);
      const wrong = migrationsInTheWay(status);
      if (wrong.length === 0) return status;
      const names = wrong.map(({ file, version, state }) => `${file ?? version} (${state})`);
      throw new StagingError('red', 'MIGRATIONS_IN_THE_WAY', `No migration can be applied before these are mended: ${names.join(', ')}.`, {
        fix: 'Restore edited files from git, give duplicates and late ones a newer version, and run dirty ones as their message said.',
        data: status,
      });
    };
    return this.withApp(flags, show, dbUrlEnv === undefined ? 'required' : 'if-named');
  }
}
