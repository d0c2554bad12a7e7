import { fetchReports } from './fetch-reports.ts';
import { type PinnedActions, setUp, type WorkflowStep } from './steps.ts';
import { type BuildInput, buildSteps, shellWord } from './build.ts';

/** A job of the workflow, as GitHub's workflow syntax names its parts. */
export interface WorkflowJob {
  readonly name: string;
  readonly if?: string;
  readonly needs?: string;
  readonly 'runs-on': string;
  readonly 'timeout-minutes': number;
  readonly environment?: string;
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>;
  readonly concurrency?: { readonly group: string; readonly 'cancel-in-progress': boolean };
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly WorkflowStep[];
}

/** A whole workflow. */
export interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, never>>;
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

/** What the workflow is made of. Paths are relative to the repository's root, with `/`. */
export interface WorkflowInput extends BuildInput {
  readonly environment: string;
  /** Branch whose pushes are deployed. */
  readonly branch: string;
  /** Branch that a release is merged into. */
  readonly releaseBranch: string;
  readonly configPath: string;
  readonly output: string;
  /** What npx installs this tool from: a name with its version, a file of the repository, a tarball, a git commit. */
  readonly toolPackage: string;
  readonly actions: PinnedActions;
  /** Names of the secrets that the commands read. */
  readonly secrets: readonly string[];
  /** Whether the configuration says where to tell people. */
  readonly notifies: boolean;
}

/** Longest that each job may take, in minutes: the full load profile alone is six (original plan, its k6 stages). */
const limits = { build: 15, deploy: 60, preview: 30, nightly: 60, gate: 15 } as const;

/** Where the jobs hand the built output over: one archive, since artifacts of GitHub's keep no symbolic links. */
const archive = 'output.tar';

/**
 * Returns the workflow that stages a repository: a push to the branch is built, put out and proven; a pull request of the same
 * repository gets a preview; each night looks for drift, loads fully and drills the rollback; a pull request into the release branch
 * must pass the gate. The job that runs the repository's own build has no secret.
 */
export function stagingWorkflow(input: WorkflowInput): Workflow {
  const samePull = "github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository";
  const isPush = "github.event_name == 'push' || github.event_name == 'workflow_dispatch'";
  const isOpen = "github.event.action != 'closed'";
  return {
    name: `Deploy ${input.environment}`,
    on: {
      push: { branches: [input.branch] },
      pull_request: { types: ['opened', 'synchronize', 'reopened', 'closed'] },
      schedule: [{ cron: '17 3 * * *' }],
      workflow_dispatch: {},
    },
    permissions: {},
    jobs: {
      build: buildJob(input, `${isPush} || (${samePull} && ${isOpen})`),
      deploy: deployJob(input, isPush),
      preview: previewJob(input, `${samePull} && ${isOpen}`),
      'preview-down': previewDownJob(input, `${samePull} && github.event.action == 'closed'`),
      nightly: nightlyJob(input),
      gate: gateJob(input, `github.event_name == 'pull_request' && ${isOpen} && github.base_ref == '${input.releaseBranch}'`),
    },
  };
}

function job(name: string, minutes: number, parts: Omit<WorkflowJob, 'name' | 'runs-on' | 'timeout-minutes'>): WorkflowJob {
  return { name, 'runs-on': 'ubuntu-latest', 'timeout-minutes': minutes, ...parts };
}

/** The environment of jobs that talk to the vendors. */
function secretsOf(input: WorkflowInput): Readonly<Record<string, string>> {
  const read = input.secrets.map((name) => [name, `\${{ secrets.${name} }}`]);
  return {
    JV_CONFIG: input.configPath,
    JV_TARGET: 'cloud',
    JV_YES: 'true',
    ...(input.notifies ? { JV_NOTIFY: 'true' } : {}),
    ...Object.fromEntries(read),
  };
}

function buildJob(input: WorkflowInput, when: string): WorkflowJob {
  return job('Build', limits.build, {
    if: when,
    permissions: { contents: 'read' },
    steps: [
      ...setUp(input.actions),
      ...buildSteps(input),
      { name: 'Pack', run: `tar -cf ${archive} -C ${shellWord(input.output)} .` },
      {
        name: 'Keep the output',
        uses: input.actions['actions/upload-artifact'].pinned,
        with: { name: 'output', path: archive, 'if-no-files-found': 'error' },
      },
    ],
  });
}

/** The steps that bring the built output into a job that has secrets; nothing of the repository's is run there. */
function outputSteps(input: WorkflowInput): readonly WorkflowStep[] {
  return [
    { name: 'Fetch the output', uses: input.actions['actions/download-artifact'].pinned, with: { name: 'output' } },
    { name: 'Unpack', run: `mkdir -p "$RUNNER_TEMP/output" && tar -xf ${archive} -C "$RUNNER_TEMP/output"` },
  ];
}

function tool(input: WorkflowInput, words: string): string {
  return `npx --yes --package ${shellWord(input.toolPackage)} jv-staging ${words}`;
}

/** A step for one command of ours. */
function command(input: WorkflowInput, name: string, words: string, more: Partial<WorkflowStep> = {}): WorkflowStep {
  return { name, ...more, run: tool(input, words) };
}

function keepReports(input: WorkflowInput, name: string): WorkflowStep {
  return {
    name: 'Keep the reports',
    if: 'always()',
    uses: input.actions['actions/upload-artifact'].pinned,
    with: { name, path: '**/.jv-staging/reports', 'include-hidden-files': true, 'if-no-files-found': 'ignore', 'retention-days': 30 },
  };
}

/** Runs of one environment wait for one another: none is cancelled half way. */
function queued(group: string): NonNullable<WorkflowJob['concurrency']> {
  return { group, 'cancel-in-progress': false };
}

function deployJob(input: WorkflowInput, when: string): WorkflowJob {
  return job(`Deploy to ${input.environment}`, limits.deploy, {
    if: when,
    needs: 'build',
    environment: input.environment,
    permissions: { contents: 'read' },
    concurrency: queued(input.environment),
    env: secretsOf(input),
    steps: [
      ...setUp(input.actions),
      ...outputSteps(input),
      command(input, 'Provision', 'provision'),
      command(input, 'Deploy', 'deploy --prebuilt "$RUNNER_TEMP/output"'),
      command(input, 'Seed', 'seed'),
      command(input, 'Smoke', 'smoke'),
      command(input, 'Perf', 'perf'),
      command(input, 'Load generator', 'doctor --install k6'),
      command(input, 'Load', 'load --profile full'),
      keepReports(input, 'reports'),
    ],
  });
}

/** The job's own token: by it the one comment on the pull request is kept, and issues and reviews are read. */
const commentToken = { GITHUB_TOKEN: '${{ github.token }}' };

/** The branch's name is somebody else's text: it goes through the environment, never into the script. */
const branchOfPull = { BRANCH: '${{ github.head_ref }}' };

function previewJob(input: WorkflowInput, when: string): WorkflowJob {
  return job('Preview', limits.preview, {
    if: when,
    needs: 'build',
    permissions: { contents: 'read', 'pull-requests': 'write' },
    concurrency: queued('preview-${{ github.head_ref }}'),
    env: { ...secretsOf(input), ...commentToken },
    steps: [
      ...setUp(input.actions),
      ...outputSteps(input),
      command(input, 'Preview up', 'preview up --branch "$BRANCH" --prebuilt "$RUNNER_TEMP/output"', { env: branchOfPull }),
      keepReports(input, 'preview-reports'),
    ],
  });
}

function previewDownJob(input: WorkflowInput, when: string): WorkflowJob {
  return job('Preview down', limits.preview, {
    if: when,
    permissions: { contents: 'read' },
    concurrency: queued('preview-${{ github.head_ref }}'),
    env: secretsOf(input),
    steps: [...setUp(input.actions), command(input, 'Preview down', 'preview down --branch "$BRANCH"', { env: branchOfPull })],
  });
}

function nightlyJob(input: WorkflowInput): WorkflowJob {
  return job('Nightly', limits.nightly, {
    if: "github.event_name == 'schedule'",
    environment: input.environment,
    permissions: { contents: 'read' },
    concurrency: queued(input.environment),
    env: secretsOf(input),
    steps: [
      ...setUp(input.actions, { ref: input.branch }),
      command(input, 'Drift', 'status --drift'),
      command(input, 'Load generator', 'doctor --install k6', { if: 'always()' }),
      command(input, 'Full load', 'load --profile full', { if: 'always()' }),
      command(input, 'Watch', 'smoke --watch --for 10m', { if: 'always()' }),
      command(input, 'Rehearse the migrations', 'migrate check --rehearse', { if: 'always()' }),
      command(input, 'Rollback drill', 'rollback --drill', { if: 'always()' }),
      keepReports(input, 'nightly-reports'),
    ],
  });
}

/**
 * The required check of a release. GitHub counts a skipped job as passed, so the job runs for every pull request into the release
 * branch, and one of another repository, which gets no secret, fails in words.
 */
function gateJob(input: WorkflowInput, when: string): WorkflowJob {
  return job('Release gate', limits.gate, {
    if: when,
    permissions: { actions: 'read', contents: 'read', issues: 'read', 'pull-requests': 'write' },
    env: { ...secretsOf(input), ...commentToken },
    steps: [
      {
        name: 'Refuse another repository',
        if: 'github.event.pull_request.head.repo.full_name != github.repository',
        run: 'echo "::error::A pull request of another repository gets no secrets, so the gate cannot judge it: push the branch to this repository." && exit 5',
      },
      ...setUp(input.actions),
      fetchReports,
      command(input, 'Gate', 'gate --commit "$COMMIT" --pull-request "$PULL_REQUEST"', {
        env: { COMMIT: '${{ github.event.pull_request.head.sha }}', PULL_REQUEST: '${{ github.event.number }}' },
      }),
      keepReports(input, 'gate'),
    ],
  });
}
