import { Command, Errors } from '@oclif/core';
import { exitCodeOf, StagingError } from './core/errors.ts';
import { failedStage } from './core/run/failed-stage.ts';
import { gateError, type StageRun } from './core/run/stage.ts';
import type { Step } from './core/run/step.ts';
import type { StageResult } from './core/verdict.ts';
import { createConsole, type Console } from './output/console.ts';
import { refuseUnclearTwins } from './config/boolean-twins.ts';
import { processSettings } from './config/environment.ts';
import {
  asThrown,
  type CommandEffects,
  effectsOf,
  refuseMixedStdout,
  sharedFlags,
  type SharedFlagValues,
  type StageOptions,
  untold,
} from './shared-flags.ts';
import type { App, AppRequest, ConfigNeed, ReportedRun } from './wiring/app.ts';
import { asStagingError } from './wiring/usage-error.ts';

/** Signals that follow one another within this time are one interruption. */
const sameInterruptMs = 500;

/**
 * What every command shares: flags, the JSON envelope, exit codes, interruption. A command declares and makes one call; tests
 * replace `createApp`.
 */
export abstract class StagingCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = sharedFlags;
  /** What the command does to the world. */
  static readonly effects: CommandEffects;

  private readonly interruption = new AbortController();
  private interruptedAtMs = 0;
  private app: App | undefined;
  private verbose = false;
  /** Whether people are still to be told. */
  private tells = false;

  /** Returns the tool's parts wired up for one command. */
  protected async createApp(request: AppRequest): Promise<App> {
    const { createApp } = await import('./wiring/create-app.ts');
    return createApp(request);
  }

  /** Everything that this command prints goes through here. */
  protected readonly printed: Console = createConsole({
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    json: this.argv.includes('--json'),
    environment: processSettings(),
    secrets: () => this.app?.secrets() ?? [],
    inGitHub: processSettings().github !== undefined,
  });

  /** Calls `use` with the app, and closes it whatever happens. */
  protected async withApp<Result>(
    flags: SharedFlagValues,
    use: (app: App) => Promise<Result>,
    config: ConfigNeed = 'required',
  ): Promise<Result> {
    this.verbose = flags.verbose ?? false;
    refuseMixedStdout(flags.events, this.jsonEnabled());
    const app = await this.createApp({
      cwd: process.cwd(),
      configPath: flags.config,
      target: flags.target,
      config,
      waitLock: flags['wait-lock'] ?? '0s',
      events: flags.events,
      toolRoot: this.config.root,
      toolVersion: this.config.version,
      notify: flags.notify ?? false,
      signal: this.interruption.signal,
    });
    this.app = app;
    this.printed.mask();
    this.tells = flags['dry-run'] !== true;
    const startedMs = Date.now();
    try {
      return await use(app);
    } catch (error) {
      await this.tell(app, [stageOf(this.commandName, { result: undefined, thrown: { error }, startedMs })], { error });
      throw error;
    } finally {
      await app.close();
    }
  }

  /** Runs a stage, draws its steps, prints its summary, and returns its result. Throws what is not green, even when no step threw. */
  protected async runStage<Details>(
    flags: SharedFlagValues,
    open: (app: App) => StageRun<Details>,
    options: StageOptions<Details> = {},
  ): Promise<StageResult<Details> | { readonly dryRun: true }> {
    const use = async (app: App) => {
      if (options.prepares ?? true) await this.prepare(app, flags);
      return this.runStageIn(app, flags, open, options);
    };
    return this.withApp(flags, use, options.config ?? 'required');
  }

  /** Runs what comes before a stage: starting the local cloud, when it is the target. */
  protected prepare(app: App, flags: SharedFlagValues): Promise<void> {
    return this.draw(app, app.preparation, { changes: false, flags });
  }

  /** Like `runStage`, in an app that is open and prepared. */
  protected async runStageIn<Details>(
    app: App,
    flags: SharedFlagValues,
    open: (app: App) => StageRun<Details>,
    options: StageOptions<Details> = {},
  ): Promise<StageResult<Details> | { readonly dryRun: true }> {
    const startedMs = Date.now();
    const run = open(app);
    const thrown = await this.draw(app, run.steps, { flags, ...options, changes: options.changes ?? this.changes }).then(
      () => undefined,
      asThrown,
    );
    const result = run.result();
    if (result !== undefined) (options.shownBy ?? this.printed[options.show ?? 'stage'])(result);
    const ended = { result, thrown, startedMs };
    if (options.report !== undefined) await this.keepReport(app, options.report, ended);
    await this.tell(app, [stageOf(this.commandName, ended)], thrown);
    if (thrown !== undefined) throw thrown.error;
    if (result !== undefined && result.verdict !== 'green') throw gateError(result);
    return result ?? { dryRun: true as const };
  }

  /** Writes the report of a gate that ran alone; one that could not even begin (a lock, a credential) leaves none. */
  private async keepReport(app: App, about: ReportedRun, { result, thrown, startedMs }: EndedRun): Promise<void> {
    const { command } = about;
    const failed = thrown?.error instanceof StagingError && ['red', 'inconclusive'].includes(thrown.error.kind);
    if (result === undefined && !failed) return;
    const ended = { result, thrown: failed ? thrown : undefined, startedMs };
    const stage = stageOf(about.stage ?? command, ended);
    const written = await app.writeReport(about, { verdict: stage.verdict, stages: [stage], notRun: [] });
    if (written !== undefined) this.printed.kept(written.report, written);
  }

  /**
   * Tells people what came of a run, once, where they are to be told; that they could not be is a warning and changes nothing. What says
   * nothing of the environment is not told.
   */
  protected async tell(app: App, stages: readonly StageResult[], thrown: { readonly error: unknown } | undefined): Promise<void> {
    if (!this.tells) return;
    this.tells = false;
    if (thrown?.error instanceof StagingError && untold.includes(thrown.error.kind)) return;
    const warning = await app.notify(this.commandName, stages);
    if (warning !== undefined) this.printed.warning(warning);
  }

  /** Runs steps and draws them on stderr. */
  protected async draw(app: App, steps: readonly Step[], options: DrawOptions): Promise<void> {
    if (steps.length === 0) return;
    const drawer = this.printed.tree(steps, `jv-staging ${this.commandName}`);
    const told = options.flags.events === undefined ? undefined : this.printed.eventLines(app.eventFile);
    try {
      await app.runSteps(steps, {
        command: `jv-staging ${this.commandName}`,
        changes: options.changes,
        dryRun: options.flags['dry-run'] ?? false,
        undoOnFailure: options.undoOnFailure ?? false,
        events: (event) => {
          drawer.events(event);
          told?.(event);
        },
      });
    } finally {
      await drawer.close();
    }
  }

  override async init(): Promise<void> {
    await super.init();
    refuseUnclearTwins({ ...this.ctor.baseFlags, ...this.ctor.flags });
    // A terminal that is closed ends a run like SIGTERM does: children must not live on.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.interrupt(signal));
  }

  protected override logJson(json: unknown): void {
    // oclif calls this with what `toSuccessJson` returns; failures are printed by `catch`.
    this.printed.success(this.commandName, json);
  }

  /** The flag alone decides, not oclif's own environment variables: what is printed must be decided in one place. */
  public override jsonEnabled(): boolean {
    return this.argv.includes('--json');
  }

  protected override toSuccessJson(result: unknown): unknown {
    return result;
  }

  protected override async catch(error: Error): Promise<unknown> {
    const flagNames = Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags });
    const known = asStagingError(error, flagNames, (thrown) => thrown instanceof Errors.CLIError) ?? error;
    process.exitCode = exitCodeOf(known);
    // Where NODE_ENV is development or test, oclif would warn on stderr of a command whose arguments it refused.
    this.parsed = true;
    if (this.argv.includes('--json')) this.printed.failure(this.commandName, known);
    else this.printed.error(known, { verbose: this.verbose });
    this.printed.annotate(this.app?.placeOf(known), known);
    return undefined;
  }

  protected override async finally(thrown: Error | undefined): Promise<void> {
    await super.finally(thrown);
    await this.printed.flush();
  }

  private get changes(): boolean {
    return !effectsOf(this.ctor).readOnly;
  }

  /** The command's words: `local start`. */
  protected get commandName(): string {
    return (this.id ?? '').replaceAll(':', ' ');
  }

  private interrupt(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
    if (this.interruption.signal.aborted) {
      // The second one means it: whoever pressed twice does not want to wait for children to end. But one press may come to us
      // several times at once: from the terminal or the group, and from each launcher above us.
      if (performance.now() - this.interruptedAtMs > sameInterruptMs) process.exit(signal === 'SIGINT' ? 130 : 143);
      return;
    }
    this.interruptedAtMs = performance.now();
    const kind = signal === 'SIGINT' ? 'interrupted' : 'terminated';
    this.interruption.abort(
      new StagingError(kind, 'RUN_INTERRUPTED', `The run was interrupted by ${signal}.`, {
        fix: 'Run the same command again: it continues where this run stopped.',
      }),
    );
  }
}

/** How a gate ended. */
interface EndedRun {
  readonly result: StageResult | undefined;
  readonly thrown: { readonly error: unknown } | undefined;
  readonly startedMs: number;
}

/** Returns the result of a stage that ended, made of its error where it came to none. */
function stageOf(stage: string, { result, thrown, startedMs }: EndedRun): StageResult {
  if (result !== undefined && thrown === undefined) return result;
  return failedStage({ stage, result, atMs: startedMs }, thrown?.error, { nowMs: () => Date.now() });
}

interface DrawOptions {
  readonly changes: boolean;
  readonly flags: SharedFlagValues;
  readonly undoOnFailure?: boolean;
}
