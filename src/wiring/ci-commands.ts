import { basename, dirname, join, relative, sep } from 'node:path';
import { compareGenerated, writeGenerated } from '../adapters/files/generated-files.ts';
import { resolveActions } from '../adapters/github/action-releases.ts';
import { resolvePackage } from '../adapters/npm/package-spec.ts';
import { workflowPath, workflowText } from '../adapters/github/workflow-file.ts';
import { readBuildSettings } from '../adapters/source/build-settings.ts';
import { hasPackageLock } from '../adapters/source/package-lock.ts';
import { gitRoot } from '../adapters/source/git-state.ts';
import { childEnvironment, npmEnvironment } from '../config/environment.ts';
import { openVariables, secretNames } from '../core/ci/secrets.ts';
import { stagingWorkflow } from '../core/ci/workflow.ts';
import { StagingError } from '../core/errors.ts';
import type { FileChange } from '../core/files/generated.ts';
import { generatedSecrets } from '../stages/provision/generated-secrets.ts';
import type { Context } from './context.ts';

/** What `ci init` would write, and the secrets that the workflow reads. */
export interface CiPlan {
  readonly changes: readonly FileChange[];
  readonly secrets: readonly string[];
  /** Names of the variables that the build reads from the repository's own. */
  readonly variables: readonly string[];
}

/** What `ci …` does. */
export interface CiCommands {
  /** Reads the actions' newest releases, resolves the package, and makes the workflow; writes nothing. Throws `CI_…` errors. */
  plan(choice?: { readonly package?: string | undefined }): Promise<CiPlan>;
  write(plan: CiPlan): Promise<void>;
}

/** Branch that releases are merged into (original plan: "Promote: merge to `main`"). */
const releaseBranch = 'main';

/** Returns the `ci` commands of one run. */
export function ciCommands(context: Context): CiCommands {
  return {
    plan: async (choice = {}) => {
      const { settings, path } = located(context);
      const root = gitRoot(dirname(path));
      if (root === undefined) {
        throw new StagingError('usage', 'CI_NO_REPOSITORY', `${dirname(path)} lies in no git repository; a workflow belongs to one.`, {
          fix: 'Run `git init` in the root of your repository.',
        });
      }
      const { build, dir, output } = settings.app;
      if (build === undefined) {
        throw new StagingError(
          'usage',
          'CI_BUILD_UNKNOWN',
          'The configuration names no `app.build`, so the workflow could not build the app.',
          {
            fix: "Add `app: { build: ['npm', 'run', 'build'] }`, the command that writes `app.output`.",
          },
        );
      }
      const { cwd, signal, toolVersion } = context.request;
      const actions = await resolveActions(childEnvironment(), signal);
      const place = { root, cwd, environment: npmEnvironment() };
      const toolPackage = await resolvePackage(choice.package ?? `jv-staging@${toolVersion}`, place, signal);
      const secrets = secretNames(settings, generatedSecrets);
      const buildVariables = openVariables(settings.env);
      const inRoot = (absolute: string) => relative(root, absolute).split(sep).join('/') || '.';
      const workflow = stagingWorkflow({
        environment: settings.environment,
        branch: settings.branch,
        releaseBranch,
        configPath: inRoot(path),
        appDir: inRoot(dir),
        build,
        output: inRoot(output),
        buildSettings: build.some((word) => basename(word) === 'vercel')
          ? await readBuildSettings(dir, settings.vercel.framework)
          : undefined,
        buildVariables,
        installs: hasPackageLock(dir),
        toolPackage,
        actions,
        secrets,
        notifies: settings.notify !== undefined,
      });
      const text = workflowText(workflow, actions, heading);
      const file = { path: join(root, workflowPath), text };
      const variables = Object.keys(buildVariables).filter((name) => buildVariables[name] === null);
      return { changes: await compareGenerated([file], cwd), secrets, variables };
    },
    write: ({ changes }) => writeGenerated(changes),
  };
}

const heading = [
  'Written by `jv-staging ci init`; run it again after the configuration or the tool changed.',
  'The job that runs the repository’s own build has no secret. Previews and the gate run the configuration of the pull request,',
  'so only branches of this repository get secrets.',
];

function located(context: Context): { readonly settings: ReturnType<Context['settings']>; readonly path: string } {
  const settings = context.settings();
  if (context.loaded === undefined) throw new Error('Settings without a configuration.');
  return { settings, path: context.loaded.path };
}
