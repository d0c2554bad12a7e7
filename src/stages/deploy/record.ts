import { migrationHead } from '../../core/release/migrations.ts';
import { liveRelease, type ReleaseRecord } from '../../core/release/release.ts';
import { isTakenFor } from '../../core/restore/need.ts';
import type { Step } from '../../core/run/step.ts';
import { resolveVariables } from '../../core/variables/variables.ts';
import type { Finding } from '../../core/verdict.ts';
import { type Resources, resourceFactsOf } from '../resources.ts';
import type { DeployDeps, DeployFacts } from './deps.ts';

/** Returns the step that appends the release record: what was put out together, and what the gates said. */
export function recordStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'record',
    title: 'Write the release record',
    mutates: true,
    // From here on the release stands, whatever comes: it is taken back by `rollback`.
    settles: true,
    run: async (io) => {
      const folder = await deps.readMigrations(facts.place.get().migrations);
      const applied = await deps.openDatabase().appliedMigrations(io.signal);
      const versions = new Set(applied.map((migration) => migration.version));
      const { sha, dirty } = facts.source.get();
      const record: ReleaseRecord = {
        id: facts.releaseId.get(),
        environment: deps.settings.environment,
        kind: 'deploy',
        gitSha: sha,
        dirty,
        vercelDeploymentId: facts.deployment.get().id,
        url: facts.deployment.get().url,
        migrationHead: migrationHead(applied),
        migrationChecksums: Object.fromEntries(
          folder.migrations.filter((file) => versions.has(file.version)).map((file) => [file.version, file.checksum]),
        ),
        contractWaiting: facts.phases.get().waiting.map(({ version }) => version),
        ...(await deployedVariables(deps, resources, facts)),
        seedVersion: facts.seeded.peek()?.result()?.details.seedVersion ?? liveRelease(facts.history.get())?.seedVersion ?? null,
        restorePoint: await restorePointId(deps, facts, io.signal),
        restoreMark: facts.restoreMark.peek() ?? null,
        gates: facts.gates.map(({ stage, verdict, summary }) => ({ gate: stage, verdict, summary })),
        smokeChecks: deps.settings.smoke.checks,
        createdAt: new Date(deps.clock.nowMs()).toISOString(),
        actor: deps.actor,
        previous: liveRelease(facts.history.get())?.id ?? null,
      };
      await deps.openDatabase().appendRelease(record, io.signal);
      facts.record.set(record);
      return record.id;
    },
  };
}

/** A run that was cut off may have taken it: the point says for which release. */
async function restorePointId(deps: DeployDeps, facts: DeployFacts, signal: AbortSignal): Promise<string | null> {
  const taken = facts.restorePoint.peek();
  if (taken !== undefined || facts.continued.peek() !== true) return taken?.id ?? null;
  return (await deps.restorePoints().list([], signal)).find((point) => isTakenFor(point, facts.releaseId.get()))?.id ?? null;
}

/**
 * Returns the variables as the deployment has them, not as they are configured by now. A value is known when its fingerprint is the one of
 * today's configuration, or of an earlier record's snapshot.
 */
async function deployedVariables(
  deps: DeployDeps,
  resources: Resources,
  facts: DeployFacts,
): Promise<Pick<ReleaseRecord, 'envFingerprints' | 'envSnapshot'>> {
  const sealing = await deps.sealing();
  const { variables } = resolveVariables(deps.settings.env, resourceFactsOf(deps, resources), deps.readSecret);
  const configured = new Map(variables.map(({ name, value }) => [name, value]));
  const deployed = facts.variables.get().flatMap(({ name, fingerprint }) => (fingerprint === null ? [] : [{ name, fingerprint }]));
  const values = deployed.flatMap(({ name, fingerprint }) => {
    const now = configured.get(name);
    const value = now !== undefined && sealing.isFingerprintOf(now, fingerprint) ? now : valueThen(facts, sealing, name, fingerprint);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    envFingerprints: Object.fromEntries(deployed.map(({ name, fingerprint }) => [name, fingerprint])),
    envSnapshot: sealing.seal(Object.fromEntries(values)),
  };
}

function valueThen(
  facts: DeployFacts,
  sealing: Awaited<ReturnType<DeployDeps['sealing']>>,
  name: string,
  fingerprint: string,
): string | undefined {
  const record = facts.history.get().findLast((each) => each.envFingerprints[name] === fingerprint && each.envSnapshot !== null);
  return record?.envSnapshot === undefined || record.envSnapshot === null ? undefined : sealing.open(record.envSnapshot)[name];
}

/** Returns what a deploy shows of its release. */
export function deployFindings(domain: string, facts: DeployFacts): readonly Finding[] {
  const record = facts.record.get();
  const { waiting } = facts.phases.get();
  const changed = facts.variablesChanged.get();
  const green = { verdict: 'green' } as const;
  return [
    {
      ...green,
      id: 'release',
      title: `Release on ${domain}`,
      seen: `${record.id}, commit ${record.gitSha.slice(0, 12)}${record.dirty ? ' and uncommitted changes' : ''}`,
      expected: 'live and recorded',
    },
    ...facts.gates.map((gate) => ({
      id: gate.stage,
      title: gate.stage === 'smoke-domain' ? 'Smoke on the domain' : 'Smoke on the deployment',
      verdict: gate.verdict,
      seen: gate.summary,
      expected: 'all green',
    })),
    ...(waiting.length === 0
      ? []
      : [
          {
            ...green,
            id: 'contract',
            title: 'Contract migrations',
            seen: `${waiting.map(({ file }) => file).join(', ')} waiting`,
            expected: '`deploy --contract`, now that this is green',
          },
        ]),
    ...(changed.length === 0
      ? []
      : [{ ...green, id: 'variables', title: 'Variables', seen: `${changed.join(', ')} changed`, expected: 'live with this release' }]),
  ];
}
