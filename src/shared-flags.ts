import { Flags } from '@oclif/core';
import { type ErrorKind, StagingError } from './core/errors.ts';
import type { StageResult } from './core/verdict.ts';
import type { ConfigNeed, ReportedRun } from './wiring/app.ts';

/** What a command does to the world; every command declares it, and a test checks that. */
export interface CommandEffects {
  /** Changes nothing outside this process and its reports. */
  readonly readOnly: boolean;
  /** May take something away that running again does not bring back. */
  readonly destructive: boolean;
  /** Running twice equals running once. */
  readonly idempotent: boolean;
}

/** Returns what a command declares of itself; one that declares nothing changes something. */
export function effectsOf(command: object): CommandEffects {
  const effects: unknown = Reflect.get(command, 'effects');
  if (typeof effects === 'object' && effects !== null && 'readOnly' in effects)
    return { readOnly: effects.readOnly === true, destructive: false, idempotent: true };
  return { readOnly: false, destructive: false, idempotent: false };
}

/** Flags of every command. */
export const sharedFlags = {
  config: Flags.string({
    helpGroup: 'GLOBAL',
    helpValue: 'PATH',
    env: 'JV_CONFIG',
    summary: 'Configuration file (default: staging.config.ts, found upward).',
  }),
  target: Flags.option({
    options: ['cloud', 'local'] as const,
    helpGroup: 'GLOBAL',
    env: 'JV_TARGET',
    summary: 'Work on the vendors or on the local cloud (default: the configuration’s).',
  })(),
  yes: Flags.boolean({ helpGroup: 'GLOBAL', env: 'JV_YES', summary: 'Answer yes to questions; never suffices for what destroys.' }),
  events: Flags.string({
    helpGroup: 'GLOBAL',
    helpValue: 'FILE|-',
    env: 'JV_EVENTS',
    summary: 'Write what happens to this file, one JSON object a line as it happens; - is stdout, before the result of --json.',
  }),
  verbose: Flags.boolean({ helpGroup: 'GLOBAL', env: 'JV_VERBOSE', summary: 'Show causes and stacks of errors.' }),
};

/** The flag of commands that show first what they would do. */
export const dryRunFlag = {
  'dry-run': Flags.boolean({ env: 'JV_DRY_RUN', summary: 'Show what would be done; run no step that writes.' }),
};

/** Flags of every command that changes something. */
export const changingFlags = {
  ...dryRunFlag,
  'wait-lock': Flags.string({
    helpValue: 'DURATION',
    env: 'JV_WAIT_LOCK',
    default: '0s',
    summary: 'Wait this long for another run to finish, e.g. 10m.',
  }),
};

/** The flag of commands that can tell people what came of them. */
const notifyFlag = {
  notify: Flags.boolean({
    env: 'JV_NOTIFY',
    summary: 'Tell the Slack of the configuration’s `notify` what came of it; that it cannot be reached changes nothing.',
  }),
};

/** Flags of every stage that changes the environment. */
export const stageFlags = { ...changingFlags, ...notifyFlag };

/** Flags of every gate that leaves a report. */
export const gateFlags = {
  ...notifyFlag,
  url: Flags.string({ helpValue: 'URL', env: 'JV_URL', summary: 'Address to look at instead of the environment’s domain.' }),
  report: Flags.string({
    helpValue: 'DIR',
    env: 'JV_REPORT',
    summary: 'Write the report (HTML, JSON, JUnit, Markdown) to this folder too.',
  }),
};

/** Flags of `load`: what is run, by what, and where when one machine is too small. */
export const loadFlags = {
  path: Flags.string({ helpValue: 'PATH', default: '/', env: 'JV_PATH', summary: 'Path to request, with --url.' }),
  vus: Flags.integer({ min: 1, helpValue: 'N', env: 'JV_VUS', summary: 'Most virtual users; the profile’s stages are scaled to it.' }),
  duration: Flags.string({
    helpValue: 'DURATION',
    env: 'JV_DURATION',
    summary: 'Length of the whole run; the stages are stretched to it.',
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
  emit: Flags.option({
    options: ['k6', 'k8s'] as const,
    env: 'JV_EMIT',
    summary: 'Print the load as a k6 script, or as the objects of the k6-operator; send nothing.',
  })(),
  script: Flags.string({
    helpValue: 'FILE',
    env: 'JV_SCRIPT',
    summary: 'Run this k6 script instead of the journey; it is linted first.',
  }),
  compare: Flags.string({ helpValue: 'RUN', env: 'JV_COMPARE', summary: 'Compare with the load of this earlier run.' }),
  distribute: Flags.option({
    options: ['k8s', 'grafana-cloud'] as const,
    env: 'JV_DISTRIBUTE',
    exclusive: ['script', 'emit'],
    summary: 'Run it on a cluster by the k6-operator, or in Grafana Cloud by `k6 cloud run` (K6_CLOUD_TOKEN).',
  })(),
  parallelism: Flags.integer({
    min: 1,
    helpValue: 'N',
    env: 'JV_PARALLELISM',
    summary: 'How many k6 processes of the cluster share the virtual users (default: 2).',
  }),
  'kube-context': Flags.string({
    helpValue: 'NAME',
    env: 'JV_KUBE_CONTEXT',
    summary: 'Context of kubectl (default: the current one).',
  }),
  namespace: Flags.string({
    helpValue: 'NAME',
    env: 'JV_NAMESPACE',
    summary: 'Namespace of the cluster (default: the context’s).',
  }),
};

/** The flag of commands that write the workflow. */
export const packageFlag = {
  package: Flags.string({
    helpValue: 'SPEC',
    env: 'JV_PACKAGE',
    summary: 'What CI installs this tool from: a registry name, a tarball in the repository or by https, a git commit.',
  }),
};

/** Flags of every `migrate` command. */
export const migrateFlags = {
  'db-url-env': Flags.string({
    helpValue: 'NAME',
    env: 'JV_DB_URL_ENV',
    summary: 'Work on any Postgres: the environment variable that holds its address (which is never a flag).',
  }),
  dir: Flags.string({
    helpValue: 'PATH',
    env: 'JV_DIR',
    summary:
      'Folder of the migrations (default: the configuration’s; with `--db-url-env` supabase/migrations). Reverse scripts lie in `rollbacks` beside it.',
  }),
};

/** Returns what a `migrate` stage needs: a database that is named by its address wants neither a configuration nor a local cloud. */
export function migrateNeeds(flags: { readonly 'db-url-env'?: string | undefined }) {
  const isNamed = flags['db-url-env'] !== undefined;
  return { config: isNamed ? ('if-named' as const) : ('required' as const), prepares: !isNamed };
}

/** What the flags of a gate were set to. */
export interface GateFlagValues {
  readonly url?: string | undefined;
  readonly report?: string | undefined;
}

/** What the shared flags were set to. */
export interface SharedFlagValues {
  readonly config?: string | undefined;
  readonly target?: 'cloud' | 'local' | undefined;
  readonly yes?: boolean;
  readonly verbose?: boolean;
  readonly events?: string | undefined;
  readonly notify?: boolean;
  readonly 'dry-run'?: boolean;
  readonly 'wait-lock'?: string;
}

/** Refuses `--events -` where a text for people would stand between the lines. Throws `EVENTS_STDOUT_NEEDS_JSON` (kind `usage`). */
export function refuseMixedStdout(events: string | undefined, json: boolean): void {
  if (events !== '-' || json) return;
  const message = '--events - puts lines of JSON on stdout, where a text for people would stand between.';
  throw new StagingError('usage', 'EVENTS_STDOUT_NEEDS_JSON', message, { fix: 'Add `--json`, or name a file with `--events FILE`.' });
}

/** How a stage is run. */
export interface StageOptions<Details = unknown> {
  /** What the stage needs of a configuration (default: `required`). */
  readonly config?: ConfigNeed;
  /** With false the local cloud is not started for it (default true). */
  readonly prepares?: boolean;
  readonly undoOnFailure?: boolean;
  /** Whether it changes something, when that depends on its flags (default: the command's effects). */
  readonly changes?: boolean;
  /** What the report is about, for a gate that leaves one. */
  readonly report?: ReportedRun;
  /** How the result is shown. */
  readonly show?: 'stage' | 'doctor' | 'isolation' | 'comment';
  /** What shows it instead, when that needs its details. */
  readonly shownBy?: (result: StageResult<Details>) => void;
}

/** Returns how a gate is run with and without `--url`: an address alone needs neither a configuration nor the local cloud. */
export function gateOptions(command: ReportedRun['command'], flags: GateFlagValues): StageOptions {
  const { url, report: dir } = flags;
  return { report: { command, url, dir }, ...(url === undefined ? {} : { config: 'if-named' }) };
}

/** Ends of a run that say nothing of the environment: they are the caller's own to know. */
export const untold: readonly ErrorKind[] = ['usage', 'locked', 'pending', 'interrupted', 'terminated'];

/** Returns what a promise was rejected with, wrapped: for work that must come between a failure and its report. */
export function asThrown(error: unknown): { readonly error: unknown } {
  return { error };
}
