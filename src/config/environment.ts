/** The files that a step of GitHub Actions may write to, and where the repository lies (docs.github.com, default variables). */
export interface GitHubJob {
  readonly stepSummary: string | undefined;
  readonly output: string | undefined;
  readonly workspace: string | undefined;
  /** Page of this run of the workflow. */
  readonly runUrl: string | undefined;
  /** `owner/name` of the repository that the workflow belongs to. */
  readonly repository: string | undefined;
  /** The pull request that the job runs for, if it does. */
  readonly pullRequest: number | undefined;
}

/** What the tool takes from its process's environment, beside secrets (`secrets.ts`). Each is undefined when not set. */
export interface ProcessSettings {
  /** Folder for state instead of `.jv-staging` beside the configuration (`JV_STATE_DIR`). */
  readonly stateDir: string | undefined;
  /** Folder of a system Postgres's programs (`JV_POSTGRES_BIN`). */
  readonly postgresBin: string | undefined;
  /** The redis-server program (`JV_REDIS_SERVER`). */
  readonly redisServer: string | undefined;
  /** The Chrome program (`CHROME_PATH`). */
  readonly chromePath: string | undefined;
  /** The k6 program (`JV_K6`). */
  readonly k6Path: string | undefined;
  /** Folders that programs are looked for in. */
  readonly path: readonly string[];
  readonly home: string | undefined;
  /** True when a CI service runs us. */
  readonly ci: boolean;
  /** `NO_COLOR`, `FORCE_COLOR` and `TERM` as they stand. */
  readonly noColor: string | undefined;
  readonly forceColor: string | undefined;
  readonly term: string | undefined;
  /** GitHub Actions, when it runs us. */
  readonly github: GitHubJob | undefined;
  /** The CI job's own name for who runs it, if any. */
  readonly ciActor: string | undefined;
}

/** Returns what the tool takes from the environment of its process. */
export function processSettings(environment: NodeJS.ProcessEnv = process.env): ProcessSettings {
  const value = (name: string) => (environment[name] === '' ? undefined : environment[name]);
  return {
    stateDir: value('JV_STATE_DIR'),
    postgresBin: value('JV_POSTGRES_BIN'),
    redisServer: value('JV_REDIS_SERVER'),
    chromePath: value('CHROME_PATH'),
    k6Path: value('JV_K6'),
    path: (value('PATH') ?? '').split(':').filter((folder) => folder !== ''),
    home: value('HOME'),
    ci: value('CI') !== undefined && value('CI') !== 'false',
    noColor: value('NO_COLOR'),
    forceColor: value('FORCE_COLOR'),
    term: value('TERM'),
    github:
      value('GITHUB_ACTIONS') === 'true'
        ? {
            stepSummary: value('GITHUB_STEP_SUMMARY'),
            output: value('GITHUB_OUTPUT'),
            workspace: value('GITHUB_WORKSPACE'),
            runUrl: runUrl(value('GITHUB_SERVER_URL'), value('GITHUB_REPOSITORY'), value('GITHUB_RUN_ID')),
            repository: value('GITHUB_REPOSITORY'),
            pullRequest: pullRequestOf(value('GITHUB_REF')),
          }
        : undefined,
    ciActor: value('GITHUB_ACTOR'),
  };
}

/** A page is named only by what GitHub itself would write: it becomes a link. */
function runUrl(server: string | undefined, repository: string | undefined, id: string | undefined): string | undefined {
  const isNamed = /^https:\/\/[\w.-]+$/.test(server ?? '') && /^[\w.-]+\/[\w.-]+$/.test(repository ?? '') && /^\d+$/.test(id ?? '');
  return isNamed ? `${server}/${repository}/actions/runs/${id}` : undefined;
}

/** A job of a pull request runs on the reference that GitHub made for it (docs.github.com, "Variables reference": `refs/pull/N/merge`, read 2026-11-27). */
function pullRequestOf(ref: string | undefined): number | undefined {
  const number = Number(/^refs\/pull\/(\d{1,9})\/merge$/.exec(ref ?? '')?.[1]);
  return Number.isInteger(number) ? number : undefined;
}

/** Returns the environment that a child program may see: what programs need to run, and no secret of ours. */
export function childEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const passed = [
    'PATH',
    'HOME',
    'USER',
    'LANG',
    'LC_ALL',
    'TMPDIR',
    'TZ',
    'GOPATH',
    'GOCACHE',
    'GOPROXY',
    'GOFLAGS',
    'GOSUMDB',
    'GONOSUMDB',
    'GOMODCACHE',
  ];
  return Object.fromEntries(passed.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}

/** Returns the environment that npm may see: what programs need, npm's own settings, and how the network is reached. */
export function npmEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const ofNpm =
    /^(?:npm_config_(?!global$|prefix$|local_prefix$|global_prefix$).*|https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file)$/i;
  return { ...childEnvironment(environment), ...variablesNamed(ofNpm, environment) };
}

/** Returns the environment that GitHub's own program may see: what programs need, and how it is signed in. */
export function githubEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const own = ['GH_TOKEN', 'GITHUB_TOKEN', 'GH_HOST', 'GH_CONFIG_DIR', 'GH_REPO', 'XDG_CONFIG_HOME', 'HTTPS_PROXY', 'NO_PROXY'];
  return {
    ...childEnvironment(environment),
    ...Object.fromEntries(own.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]))),
  };
}

/**
 * Returns the environment that kubectl may see: what programs need, where its clusters stand, and what the sign-in plugins of the usual
 * clouds read (kubernetes.io "client-go credential plugins": EKS, GKE, AKS and OpenID Connect run as its children).
 */
export function kubernetesEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const own = /^(?:KUBE|AWS_|GOOGLE_|CLOUDSDK_|GKE_|AZURE_|AAD_|ARM_|DIGITALOCEAN_|XDG_|HTTPS?_PROXY$|NO_PROXY$|SSL_CERT_)/i;
  return { ...childEnvironment(environment), ...variablesNamed(own, environment) };
}

function variablesNamed(names: RegExp, environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value !== undefined && names.test(name) ? [[name, value]] : [])),
  );
}
