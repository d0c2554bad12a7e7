import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { compareGenerated, readExisting, writeGenerated } from '../adapters/files/generated-files.ts';
import { readSeedFile } from '../adapters/files/seed-file.ts';
import { withScripts } from '../adapters/files/package-json.ts';
import { readSample } from '../adapters/files/sample-files.ts';
import { gitRoot } from '../adapters/source/git-state.ts';
import { readRepository } from '../adapters/source/repository.ts';
import { childEnvironment } from '../config/environment.ts';
import { loadDraft } from '../config/load.ts';
import { StagingError } from '../core/errors.ts';
import { secretNames } from '../core/ci/secrets.ts';
import { pageFile, stagingPage } from '../core/docs/page.ts';
import type { FileChange, GeneratedFile } from '../core/files/generated.ts';
import { nextSteps, openPoints, seenIn } from '../core/init/advice.ts';
import { compatFiles, deploymentCheckIds, npmScripts, testRunnerOf } from '../core/init/compat.ts';
import { configText } from '../core/init/config-text.ts';
import { envTemplate } from '../core/init/env-template.ts';
import { emptySeed, startingFiles } from '../core/init/files.ts';
import { withIgnoredLines } from '../core/init/ignore-lines.ts';
import { withHealthRoute } from '../core/init/health-route.ts';
import type { Repository } from '../core/init/repository.ts';
import type { GivenAnswer } from '../core/init/answers.ts';
import type { StagingSettings } from '../core/settings.ts';
import { answersByName, completeAnswers, type Interview } from '../stages/init.ts';
import { generatedSecrets } from '../stages/provision/generated-secrets.ts';
import { ciCommands } from './ci-commands.ts';
import { calledAs, type Context, toolEntry } from './context.ts';
import { configuredAnswers } from './init-existing.ts';

/** What `init` was asked for. */
export interface InitChoice extends Omit<Interview, 'repository' | 'configured'> {
  /** Where the configuration goes; default `staging.config.ts` in the current folder. */
  readonly config: string | undefined;
  /** Folder of the app, relative to that of the configuration. */
  readonly app: string | undefined;
  readonly workflow: boolean;
  readonly runbook: boolean;
  /** What CI installs this tool from. */
  readonly package?: string | undefined;
  /** True: a route for /api/health is written where the app has none. */
  readonly health: boolean;
}

/** What `init` would write, and what is said of it. */
export interface InitPlan {
  /** What was seen in the repository. */
  readonly seen: readonly string[];
  readonly answers: readonly GivenAnswer[];
  /** What a person has to look at. */
  readonly open: readonly string[];
  /** Commands that come next. */
  readonly next: readonly string[];
  readonly changes: readonly FileChange[];
}

/** What `init` does. */
export interface InitCommands {
  /** Looks at the repository, has the rest answered, and makes the files; writes nothing. Throws `INIT_…`, `REPOSITORY_FILE_BROKEN`, `CONFIG_INVALID`. */
  plan(choice: InitChoice): Promise<InitPlan>;
  /** Makes the files of the sample project; writes nothing. Throws `SAMPLE_MISSING`, `INIT_SAMPLE_LOCAL`. */
  sample(): Promise<InitPlan>;
  /** Makes the shims that have the original plan's names; writes nothing. Throws `CONFIG_NOT_FOUND`, `REPOSITORY_FILE_BROKEN`. */
  compat(): Promise<InitPlan>;
  write(plan: InitPlan): Promise<void>;
}

/** Returns the `init` command of one run; `loadScript` is the load of the configuration as a k6 script. */
export function initCommands(context: Context, loadScript: () => string): InitCommands {
  const { request } = context;
  return {
    plan: async (choice) => {
      const config = resolve(request.cwd, choice.config ?? 'staging.config.ts');
      const folder = dirname(config);
      const place = {
        folder,
        appDir: choice.app === undefined ? undefined : relative(folder, resolve(request.cwd, choice.app)).split(sep).join('/') || '.',
      };
      const found = await readRepository({ ...place, environment: childEnvironment(), signal: request.signal });
      const health = choice.health ? withHealthRoute(found, pathsIn(folder)) : { repository: found, files: [] };
      const { repository } = health;
      const configured = { answers: await configuredAnswers(context, config), file: basename(config) };
      const answers = await completeAnswers({ ...choice, repository, configured });
      const files = [...(await filesOf(context, { choice, config, repository, answers })), ...health.files];
      return {
        seen: seenIn(found),
        answers,
        open: openPoints(repository, answers),
        next: calls(context, nextSteps(repository)),
        changes: await compareGenerated(files, request.cwd),
      };
    },
    sample: async () => {
      if (request.target === 'cloud') throw sampleIsLocal();
      const files = await sampleFiles(request);
      const next = calls(context, ['doctor', 'up', 'gate', 'local stop']);
      return { seen: [], answers: [], open: [], next, changes: await compareGenerated(files, request.cwd) };
    },
    compat: async () => {
      const files = await shims(context, loadScript);
      const next = ['npm run seed:staging', './scripts/smoke-test-staging.sh', 'k6 run scripts/load-test-staging.k6.js'];
      return { seen: [], answers: [], open: [], next, changes: await compareGenerated(files, request.cwd) };
    },
    write: ({ changes }) => writeGenerated(changes),
  };
}

function sampleIsLocal(): StagingError {
  const message = "The sample is staged on the local cloud: its configuration says `target: 'local'`, and --target is cloud.";
  return new StagingError('usage', 'INIT_SAMPLE_LOCAL', message, {
    fix: 'Leave out `--target cloud` (or JV_TARGET); for the vendors, set `target` and names of yours in the staging.config.ts that it writes.',
  });
}

function calls(context: Context, commands: readonly string[]): readonly string[] {
  return commands.map((command) => `${calledAs(context)} ${command}`);
}

/** Returns what makes the absolute path of a file in a folder from its name there, which has forward slashes. */
function pathsIn(folder: string): (name: string) => string {
  return (name) => join(folder, ...name.split('/'));
}

async function sampleFiles({ cwd, toolRoot }: Context['request']): Promise<readonly GeneratedFile[]> {
  const path = pathsIn(cwd);
  const ignored = await readExisting(path('.gitignore'));
  const files = (await readSample(toolRoot)).map(({ name, text }) => ({ path: path(name), text }));
  return [...files, { path: path('.gitignore'), text: withIgnoredLines(ignored), keeps: true }];
}

async function shims(context: Context, loadScript: () => string): Promise<readonly GeneratedFile[]> {
  const { checks } = context.settings().smoke;
  const folder = context.loaded === undefined ? context.request.cwd : dirname(context.loaded.path);
  const path = pathsIn(folder);
  const { packages } = await readRepository({ folder, appDir: '.', environment: childEnvironment(), signal: context.request.signal });
  const manifest = await readExisting(path('package.json'));
  const files = compatFiles({
    path,
    testRunner: testRunnerOf(packages),
    deploymentChecks: deploymentCheckIds(checks),
    loadScript: loadScript(),
  });
  return manifest === undefined ? files : [...files, { path: path('package.json'), ...withScripts(manifest, npmScripts) }];
}

/** The page of an environment that is not there yet; one that is there already is `docs`' to complete. */
async function pageFiles(
  settings: StagingSettings,
  repository: Repository,
  path: (name: string) => string,
): Promise<readonly GeneratedFile[]> {
  const root = gitRoot(repository.folder) ?? repository.folder;
  const place = join(root, pageFile);
  if ((await readExisting(place)) !== undefined) return [];
  const seed = repository.hasSeed ? (await readSeedFile(settings.seed.dir, settings.seed.profile)).plan : emptySeed;
  const accounts = seed.auth.map(({ email }) => email);
  const environmentFile = basename(path('.env.staging'));
  const text = stagingPage({ settings, url: `https://${settings.domain}`, live: undefined, accounts, environmentFile });
  return [{ path: place, text }];
}

interface Found {
  readonly choice: InitChoice;
  readonly config: string;
  readonly repository: Repository;
  readonly answers: readonly GivenAnswer[];
}

async function filesOf(context: Context, { choice, config, repository, answers }: Found): Promise<readonly GeneratedFile[]> {
  const named = answersByName(answers);
  const path = pathsIn(repository.folder);
  const text = configText(repository, named);
  // What is written is loaded first, as every command will load it.
  const loaded = await loadDraft(text, config, toolEntry(context.request));
  const names = secretNames(loaded.settings, []).filter((name) => !generatedSecrets.some((generated) => generated === name));
  const { team } = repository.vercel;
  const [secrets, ignored] = await Promise.all([readExisting(path('.env.staging')), readExisting(path('.gitignore'))]);
  const workflow = choice.workflow
    ? (await ciCommands({ ...context, loaded, settings: () => loaded.settings }).plan({ package: choice.package })).changes
    : [];
  return [
    { path: config, text },
    {
      path: path('.env.staging'),
      text: envTemplate(secrets, names, team === undefined ? {} : { VERCEL_ORG_ID: team }),
      secret: true,
      keeps: true,
    },
    { path: path('.gitignore'), text: withIgnoredLines(ignored), keeps: true },
    ...startingFiles(repository, path),
    ...(choice.runbook ? await pageFiles(loaded.settings, repository, path) : []),
    ...workflow,
  ];
}
