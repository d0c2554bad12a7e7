import { describe, expect, it } from 'vitest';
import type { CommandManifest, Manifest } from '../../../src/core/manifest.ts';
import { commandHelp, rootHelp, topicHelp } from '../../../src/output/help.ts';

const deploy: CommandManifest = {
  id: 'deploy',
  summary: 'Put the app out.',
  description:
    'Builds the app, uploads what is missing, and moves the domain when smoke is green.\n\nThe first release seeds the demo rows before its own smoke.',
  examples: [
    '<%= config.bin %> <%= command.id %>',
    { description: 'Show what would be done.', command: '<%= config.bin %> deploy --dry-run' },
  ],
  flags: {
    config: {
      name: 'config',
      type: 'option',
      helpValue: 'PATH',
      env: 'JV_CONFIG',
      helpGroup: 'GLOBAL',
      summary: 'Configuration file (default: staging.config.ts, found upward).',
    },
    json: { name: 'json', type: 'boolean', helpGroup: 'GLOBAL', summary: 'Print one JSON object.' },
    'dry-run': { name: 'dry-run', type: 'boolean', env: 'JV_DRY_RUN', summary: 'Show what would be done; run no step that writes.' },
    'wait-lock': {
      name: 'wait-lock',
      type: 'option',
      helpValue: 'DURATION',
      default: '0s',
      summary: 'Wait this long for another run to finish.',
    },
    target: { name: 'target', type: 'option', options: ['cloud', 'local'], char: 't', required: true, summary: 'Where to work.' },
    secret: { name: 'secret', type: 'boolean', hidden: true },
  },
  args: { release: { name: 'release', description: 'Release to put out.' } },
};

const manifest: Manifest = {
  version: '1.0.0',
  commands: { deploy, 'local:start': { id: 'local:start', summary: 'Start the local cloud.', flags: {}, args: {} } },
};

const style = { columns: 80, color: false };

describe('help', () => {
  it('of a command says all of it', () => {
    expect(commandHelp(manifest, deploy, 'jv-staging', style)).toMatchInlineSnapshot(`
      "Put the app out.

      USAGE
        $ jv-staging deploy [RELEASE] --target cloud|local [--config PATH]
          [--dry-run] [--json] [--wait-lock DURATION]

      ARGUMENTS
        RELEASE  Release to put out.

      FLAGS
        -t, --target cloud|local  Where to work. [required]
            --dry-run             Show what would be done; run no step that writes.
                                  [env: JV_DRY_RUN]
            --wait-lock DURATION  Wait this long for another run to finish. [default:
                                  0s]

      GLOBAL FLAGS
            --config PATH  Configuration file (default: staging.config.ts, found
                           upward). [env: JV_CONFIG]
            --json         Print one JSON object.

      DESCRIPTION
        Builds the app, uploads what is missing, and moves the domain when smoke is
        green.

        The first release seeds the demo rows before its own smoke.

      EXAMPLES
        $ jv-staging deploy

        Show what would be done.

          $ jv-staging deploy --dry-run

      EXIT CODES
        0         done, or nothing to do; the end state was read back
        1         a bug of ours
        2         wrong usage or configuration
        3         a precondition is missing: tool, credential, permission, resource
        4         a vendor's API refused, failed or did not answer in time; running
                  again resumes
        5         red: what was to be put out or checked failed
        6         refused for safety
        7         another run holds the lock
        8         changes are pending
        9         inconclusive: the measurement cannot carry a verdict
        130, 143  interrupted
      "
    `);
  });

  it('of the tool lists commands and exit codes', () => {
    expect(rootHelp(manifest, 'jv-staging', 'Stages JetVision.', style)).toMatchInlineSnapshot(`
      "Stages JetVision.

      USAGE
        $ jv-staging COMMAND [FLAGS]

      BEGIN HERE
        jv-staging init --sample          Write a whole sample project into an empty
                                          folder.
        jv-staging init                   Or write what your own repository needs.
        jv-staging doctor --target local  Is everything here?
        jv-staging up --target local      Stage it on this machine.

      COMMANDS
        deploy       Put the app out.
        local start  Start the local cloud.

      FLAGS
        -h, --help     Show help; with a command, that of the command.
        -v, --version  Show the version.

      EXIT CODES
        0         done, or nothing to do; the end state was read back
        1         a bug of ours
        2         wrong usage or configuration
        3         a precondition is missing: tool, credential, permission, resource
        4         a vendor's API refused, failed or did not answer in time; running
                  again resumes
        5         red: what was to be put out or checked failed
        6         refused for safety
        7         another run holds the lock
        8         changes are pending
        9         inconclusive: the measurement cannot carry a verdict
        130, 143  interrupted
      "
    `);
  });

  it('of a topic lists its commands', () => {
    expect(topicHelp(manifest, 'local', 'jv-staging', style)).toMatchInlineSnapshot(`
      "USAGE
        $ jv-staging local COMMAND

      COMMANDS
        local start  Start the local cloud.
      "
    `);
  });

  it.each([80, 100, 60])('keeps within %i columns', (columns) => {
    const lines = commandHelp(manifest, deploy, 'jv-staging', { columns, color: false }).split('\n');

    expect(lines.filter((line) => line.length > columns)).toEqual([]);
  });

  it('makes headings bold on a terminal only', () => {
    expect(commandHelp(manifest, deploy, 'jv-staging', { columns: 80, color: true })).toContain('\u001B[1mUSAGE\u001B[22m');
    expect(commandHelp(manifest, deploy, 'jv-staging', style)).not.toContain('\u001B');
  });
});
