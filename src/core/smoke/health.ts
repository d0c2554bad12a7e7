import { type Problem, quoted } from '../problem.ts';
import type { SmokeExpectation } from './smoke.ts';

/** What the health contract says of the app that answers; a part that is missing or of another type is undefined. */
export interface Health {
  readonly status: string | undefined;
  readonly environment: string | undefined;
  /** The commit that answers. */
  readonly version: string | undefined;
  readonly deployment: string | undefined;
  readonly database: string | undefined;
  readonly redis: string | undefined;
  readonly sentryEnvironment: string | undefined;
  readonly rssBytes: number | undefined;
  readonly heapUsedBytes: number | undefined;
  /** True when garbage was collected before memory was read, as `?gc=1` with the secret of the cron jobs asks for. */
  readonly memoryCollected: boolean;
  /** Names the process that answered, where several may. */
  readonly process: string | undefined;
}

/** Returns the health contract in a JSON value, or undefined when the value is not an object. */
export function readHealth(value: unknown): Health | undefined {
  if (!isObject(value)) return undefined;
  const text = (name: string) => textOf(member(value, name));
  return {
    status: text('status'),
    environment: text('environment'),
    version: text('version'),
    deployment: text('deployment'),
    database: text('database'),
    redis: text('redis'),
    sentryEnvironment: textOf(member(member(value, 'sentry'), 'environment')),
    rssBytes: bytesOf(member(member(value, 'memory'), 'rssBytes')),
    heapUsedBytes: bytesOf(member(member(value, 'memory'), 'heapUsedBytes')),
    memoryCollected: member(member(value, 'memory'), 'collected') === true,
    process: textOf(member(member(value, 'memory'), 'process')),
  };
}

/** Returns everything in which the health contract is not as expected; empty when it is. */
export function healthProblems(health: Health, expected: SmokeExpectation): readonly Problem[] {
  const problems = [
    environmentProblem(health, expected),
    versionProblem(health, expected),
    deploymentProblem(health, expected),
    connectionProblem('database', health.database, 'DATABASE_URL'),
    connectionProblem('redis', health.redis, 'REDIS_URL'),
    sentryProblem(health, expected),
    memoryProblem(health),
  ].filter((problem) => problem !== undefined);
  return problems.length === 0 && health.status !== 'ok' ? [statusProblem(health)] : problems;
}

/** Returns a commit id as people read it. */
export function shortCommit(sha: string): string {
  return /^[0-9a-f]{40}$/.test(sha) ? sha.slice(0, 12) : quoted(sha);
}

/** Returns true when two names of a commit mean the same: equal, or one the beginning of the other (7 digits or more). */
export function isSameCommit(left: string, right: string): boolean {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  return short === long || (/^[0-9a-f]{7,}$/.test(short) && long.startsWith(short));
}

function environmentProblem({ environment }: Health, expected: SmokeExpectation): Problem | undefined {
  if (environment === expected.environment) return undefined;
  if (environment === undefined)
    return missing(
      'environment',
      quoted(expected.environment),
      'Return the value of APP_ENVIRONMENT as `environment` in the health answer.',
    );
  return {
    seen: `environment ${quoted(environment)}`,
    expected: `environment ${quoted(expected.environment)}`,
    message: `The environment that answers is ${quoted(environment)}, not ${quoted(expected.environment)}.`,
    fix: 'Check the address, and APP_ENVIRONMENT among the variables of the project.',
  };
}

function versionProblem({ version }: Health, { gitSha }: SmokeExpectation): Problem | undefined {
  if (version === undefined || version === '') {
    return missing(
      'version',
      gitSha === undefined ? 'a commit id' : shortCommit(gitSha),
      'Return VERCEL_GIT_COMMIT_SHA as `version` in the health answer.',
    );
  }
  if (gitSha === undefined || isSameCommit(version, gitSha)) return undefined;
  return {
    seen: `commit ${shortCommit(version)}`,
    expected: `commit ${shortCommit(gitSha)}`,
    message: `Commit ${shortCommit(version)} answers, not ${shortCommit(gitSha)}: another deployment is live at this address.`,
    fix: 'Run `jv-staging status` to see which deployment is live, then `jv-staging deploy`.',
  };
}

function deploymentProblem({ deployment }: Health, { deploymentId }: SmokeExpectation): Problem | undefined {
  if (deploymentId === undefined || deployment === deploymentId) return undefined;
  if (deployment === undefined)
    return missing('deployment', deploymentId, 'Return VERCEL_DEPLOYMENT_ID as `deployment` in the health answer.');
  return {
    seen: `deployment ${quoted(deployment)}`,
    expected: `deployment ${quoted(deploymentId)}`,
    message: `Deployment ${quoted(deployment)} answers, not ${quoted(deploymentId)}.`,
    fix: 'Run `jv-staging status` to see which deployment is live, then `jv-staging deploy`.',
  };
}

function connectionProblem(name: 'database' | 'redis', state: string | undefined, variable: string): Problem | undefined {
  if (state === 'connected') return undefined;
  if (state === undefined)
    return missing(name, '"connected"', `Ask ${name} on each health request and return "connected" or "disconnected" as \`${name}\`.`);
  return {
    seen: `${name} ${quoted(state)}`,
    expected: `${name} "connected"`,
    message: `The app says that its ${name} is ${quoted(state)}.`,
    fix: `Check ${variable} among the variables of the project, and that the ${name} is running.`,
  };
}

function sentryProblem({ sentryEnvironment }: Health, expected: SmokeExpectation): Problem | undefined {
  if (sentryEnvironment === expected.sentryEnvironment) return undefined;
  const wanted = quoted(expected.sentryEnvironment);
  if (sentryEnvironment === undefined)
    return missing('sentry.environment', wanted, 'Return the value of SENTRY_ENVIRONMENT as `sentry.environment` in the health answer.');
  return {
    seen: `sentry.environment ${quoted(sentryEnvironment)}`,
    expected: `sentry.environment ${wanted}`,
    message: `Sentry events of this app are tagged ${quoted(sentryEnvironment)}, not ${wanted}.`,
    fix: `Set SENTRY_ENVIRONMENT to ${expected.sentryEnvironment} among the variables of the project.`,
  };
}

function memoryProblem({ rssBytes, heapUsedBytes }: Health): Problem | undefined {
  const absent = [...(rssBytes === undefined ? ['memory.rssBytes'] : []), ...(heapUsedBytes === undefined ? ['memory.heapUsedBytes'] : [])];
  if (absent.length === 0) return undefined;
  return missing(
    absent.join(' and '),
    'a number of bytes above 0',
    'Return `process.memoryUsage()` as `memory: {rssBytes, heapUsedBytes}` in the health answer.',
  );
}

function statusProblem({ status }: Health): Problem {
  if (status === undefined) return missing('status', '"ok"', 'Return `status: "ok"` in the health answer when everything is connected.');
  return {
    seen: `status ${quoted(status)} in the body`,
    expected: 'status "ok" in the body',
    message: `The app says that its status is ${quoted(status)}.`,
    fix: "Read the app's log for the reason.",
  };
}

function missing(name: string, expected: string, fix: string): Problem {
  return { seen: `no ${name}`, expected: `${name} ${expected}`, message: `The health answer has no usable ${name}.`, fix };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function bytesOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}
