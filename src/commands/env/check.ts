import { StagingCommand } from '../../base-command.ts';
import { StagingError } from '../../core/errors.ts';

/** `jv-staging env check` */
export default class EnvCheck extends StagingCommand {
  static override summary =
    'Check the app’s variables by the rules, without asking any vendor: missing values, live keys, exposed secrets.';
  static override description =
    'What comes from a resource is checked by `provision` and `env push`, which refuse the same problems before they write anything.';
  static override examples = ['<%= config.bin %> env check', '<%= config.bin %> env check --json'];
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns what was found. Throws `ENV_UNSAFE` (exit 6), `ENV_VALUE_MISSING` (exit 2). */
  async run() {
    const { flags } = await this.parse(EnvCheck);
    return this.withApp(flags, async (app) => {
      const checked = app.env.check();
      this.printed.envCheck(checked);
      const [problem] = checked.problems;
      if (problem !== undefined) {
        throw new StagingError(
          'refused',
          'ENV_UNSAFE',
          `${checked.problems.length} variables must not go out as they are: ${checked.problems.map(({ name }) => name).join(', ')}.`,
          {
            fix: problem.fix,
            data: checked,
          },
        );
      }
      if (checked.missing.length > 0) {
        throw new StagingError('usage', 'ENV_VALUE_MISSING', `There is no value for ${checked.missing.join(', ')}.`, {
          fix: 'Add them to the environment file, or set `required: false`.',
          data: checked,
        });
      }
      return checked;
    });
  }
}
