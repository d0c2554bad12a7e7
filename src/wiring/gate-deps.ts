import { dirname, join } from 'node:path';
import { readAttestations } from '../adapters/files/attestations.ts';
import { writeDurably } from '../adapters/files/durable-file.ts';
import { evidenceOf } from '../adapters/files/evidence.ts';
import { keptReports } from '../adapters/files/kept-reports.ts';
import { keptWatches } from '../adapters/files/watch-history.ts';
import { gitBranches } from '../adapters/source/git-branches.ts';
import { readGitState } from '../adapters/source/git-state.ts';
import { probeTls } from '../adapters/web/tls-probe.ts';
import { childEnvironment } from '../config/environment.ts';
import { StagingError } from '../core/errors.ts';
import type { Alerting, CommitReport, Evidence } from '../core/gate/model.ts';
import { judgeIsolation } from '../core/isolation/isolation.ts';
import type { LocalEndpoints } from '../core/local/endpoints.ts';
import { judgeWatch } from '../core/smoke/watch.ts';
import type { GateDeps } from '../stages/gate/gate.ts';
import { isolationFacts } from '../stages/isolation/facts.ts';
import { currentPlan } from '../stages/plan/plan.ts';
import type { Resources } from '../stages/resources.ts';
import { environmentStatus } from '../stages/status.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { openGithub } from './github.ts';
import { missingValue } from './missing-value.ts';
import { reportsFolder } from './report-files.ts';
import { watchFolder } from './watch.ts';

/** Where the gate's own run keeps its evidence, and the local cloud when it is the target. */
export interface GatePlace {
  readonly runId: string;
  readonly local: () => Promise<LocalEndpoints | undefined>;
}

/** Returns what the gate asks, over the context's vendors, files and repository. */
export function gateDeps(context: Context, deps: Deps, resources: Resources, place: GatePlace): GateDeps {
  const settings = context.settings();
  const evidence = (path: string): Promise<Evidence> => evidenceOf(path, context.request.cwd);
  const github = async (signal: AbortSignal) => {
    const local = await place.local();
    const own = await ownRepository(context, signal);
    if (local?.beside !== undefined && own !== local.beside.github.repository) throw notOwn(own, local.beside.github.repository);
    return openGithub(context, local, own);
  };
  // Several criteria rest on the same answers: each is asked for once.
  const planOf = once((signal: AbortSignal) => currentPlan(deps.plan(), resources, signal));
  const status = once((signal: AbortSignal) => environmentStatus(deps.status(), resources, signal, () => planOf(signal)));
  return {
    settings,
    clock: context.clock,
    headCommit: (signal) => headCommit(context, signal, () => status(signal)),
    plan: planOf,
    status,
    tls: async (signal) => {
      const local = await place.local();
      const at =
        local === undefined
          ? { host: settings.domain, port: 443 }
          : { host: local.gateway.host, port: local.gateway.tlsPort, caFile: local.gateway.caFile };
      return probeTls(settings.domain, at, signal);
    },
    isolation: async (signal) => judgeIsolation(await isolationFacts(deps.isolation(), resources, signal)),
    alerting: (signal) => alertingOf(context, deps, signal),
    issues: async (signal) => {
      const repository = await github(signal);
      return repository.openIssues(settings.gate.severityLabels, signal).finally(() => void repository.close());
    },
    review: async (pullRequest, signal) => {
      const repository = await github(signal);
      return repository.reviews(pullRequest, signal).finally(() => void repository.close());
    },
    reports: (commit) => reportsOf(context, commit, evidence),
    attestations: async () => {
      const found = await readAttestations(settings.gate.attestations);
      if (found.length === 0) return [];
      const file = await evidence(settings.gate.attestations);
      return found.map((attestation) => ({ attestation, evidence: file }));
    },
    keep: async (name, answer) => {
      const path = join(context.stateDir, 'gates', place.runId, `${name}.json`);
      await writeDurably(path, `${JSON.stringify(answer, null, 2)}\n`);
      return evidence(path);
    },
  };
}

/** Returns the reports about a commit, newest first, and the watches that never came to write one: they were killed. */
async function reportsOf(
  context: Context,
  commit: string,
  evidence: (path: string) => Promise<Evidence>,
): Promise<readonly CommitReport[]> {
  const folder = reportsFolder(context);
  const { environment } = context.settings();
  const isOurs = (about: { readonly environment: string; readonly target: string; readonly gitSha: string | null }) =>
    about.gitSha === commit && about.environment === environment && about.target === context.target;
  const kept = keptReports(folder);
  const runs = await kept.runs();
  const reports = await Promise.all(
    runs.map(async (runId) => ({ runId, path: join(folder, runId, 'report.json'), report: await kept.read(runId) })),
  );
  const watches = (await keptWatches(watchFolder(context)))
    .filter(({ runId, head }) => !runs.includes(runId) && isOurs(head))
    .map(({ runId, path, head, samples }) => ({ runId, path, report: { stages: [judgeWatch(head, samples)] } }));
  return Promise.all(
    [...reports.filter(({ report }) => isOurs(report)), ...watches]
      .toSorted((a, b) => (a.runId < b.runId ? 1 : -1))
      .map(async ({ path, report }) => ({ report, evidence: await evidence(path) })),
  );
}

/** Asks about every project that smoke reads its test event back from. */
async function alertingOf(context: Context, deps: Deps, signal: AbortSignal): Promise<Alerting> {
  const { smoke, environment } = context.settings();
  const checks = smoke.checks.flatMap((check) => (check.kind === 'sentry' ? [check] : []));
  if (checks.length === 0) {
    throw new StagingError('usage', 'GATE_NO_SENTRY', 'No check of smoke names a project at Sentry, so who is told of errors is unknown.', {
      fix: "Add a check of `kind: 'sentry'`, or attest AC-11.",
    });
  }
  const { alertRules } = deps.platforms();
  const found = await Promise.all(
    checks.map(async ({ organization, project, authToken: { name } }) => {
      const authToken = context.secrets.read({ kind: 'env', name });
      if (authToken === undefined)
        throw missingValue(context, name, 'CREDENTIAL_MISSING', `Set ${name} to a token with event:read and alerts:read.`);
      return alertRules.list({ organization, project, authToken }, signal);
    }),
  );
  const ours = found.flat().filter((rule) => rule.actions > 0 && (rule.environment === null || rule.environment === environment));
  return { projects: checks.map(({ organization, project }) => `${organization}/${project}`), rules: ours.map(({ name }) => name) };
}

/** Returns the repository whose issues and reviews count: that of the configuration, else the remote of the one that is checked out. */
async function ownRepository(context: Context, signal: AbortSignal): Promise<string | undefined> {
  const { gate, app } = context.settings();
  if (gate.repository !== undefined) return gate.repository;
  const remote = gitBranches(app.dir, childEnvironment()).repository(signal);
  return (await remote.catch(() => null)) ?? undefined;
}

/** The local cloud's GitHub has one repository: what it says of another one is no answer. */
function notOwn(own: string | undefined, there: string): StagingError {
  return new StagingError(
    'usage',
    'GATE_NO_REPOSITORY',
    `The local cloud’s GitHub has ${there}, and ${own === undefined ? 'neither `gate.repository` nor a remote names the repository' : `the repository is ${own}`}, so issues and reviews are unknown.`,
    { fix: `Attest it, or add \`gate: { repository: '${there}' }\` where the local repository is meant.` },
  );
}

/** Outside of git the live release is the only commit there is: that of its content. */
async function headCommit(context: Context, signal: AbortSignal, status: () => Promise<EnvironmentStatus>): Promise<string> {
  const dir = context.loaded === undefined ? context.request.cwd : dirname(context.loaded.path);
  const state = await readGitState(dir, childEnvironment(), signal);
  if (state !== undefined) return state.sha;
  const { liveDeployment, releases } = await status();
  const live = releases.find(({ vercelDeploymentId }) => vercelDeploymentId === liveDeployment);
  if (live !== undefined) return live.gitSha;
  throw new StagingError(
    'usage',
    'GATE_NO_COMMIT',
    `${dir} is in no git repository with a commit, no commit was named, and no release is live.`,
    {
      fix: 'Run `jv-staging deploy`, or name a commit with `--commit SHA`.',
    },
  );
}

/** Returns what asks for something the first time, and gives the same answer, or refusal, from then on. */
function once<Answer>(ask: (signal: AbortSignal) => Promise<Answer>): (signal: AbortSignal) => Promise<Answer> {
  let asked: Promise<Answer> | undefined;
  return (signal) => (asked ??= ask(signal));
}
