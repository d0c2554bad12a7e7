import { migrationHead } from '../../core/release/migrations.ts';
import { liveRelease, type ReleaseRecord } from '../../core/release/release.ts';
import type { Step } from '../../core/run/step.ts';
import { resolveVariables } from '../../core/variables/variables.ts';
import type { Finding, StageResult } from '../../core/verdict.ts';
import type { DeployDeps, DeployFacts } from './deploy.ts';
import { type Resources, resourceFactsOf } from '../resources.ts';

/** Returns the step that appends the release record: what was put out together, and what the gates said. */
export function recordStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'record',
    title: 'Write the release record',
    mutates: true,
    run: async (io) => {
      const folder = await deps.readMigrations();
      const applied = await deps.openDatabase().appliedMigrations(io.signal);
      const versions = new Set(applied.map((migration) => migration.version));
      const sealing = await deps.sealing();
      const { variables } = resolveVariables(deps.settings.env, resourceFactsOf(deps, resources), deps.readSecret);
      const { sha, dirty } = facts.source.get();
      const record: ReleaseRecord = {
        id: facts.releaseId,
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
        envFingerprints: Object.fromEntries(variables.map((variable) => [variable.name, sealing.fingerprint(variable.value)])),
        envSnapshot: sealing.seal(Object.fromEntries(variables.map((variable) => [variable.name, variable.value]))),
        seedVersion: facts.seeded.peek()?.result()?.details.seedVersion ?? liveRelease(facts.history.get())?.seedVersion ?? null,
        restorePoint: null,
        gates: facts.gates.map(({ stage, verdict, summary }) => ({ gate: stage, verdict, summary })),
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

/** Returns what a deploy shows of its release. */
export function deployFindings(domain: string, record: ReleaseRecord, gates: readonly StageResult[]): readonly Finding[] {
  return [
    {
      id: 'release',
      title: `Release on ${domain}`,
      verdict: 'green',
      seen: `${record.id}, commit ${record.gitSha.slice(0, 12)}${record.dirty ? ' and uncommitted changes' : ''}`,
      expected: 'live and recorded',
    },
    ...gates.map((gate) => ({
      id: gate.stage,
      title: gate.stage === 'smoke-domain' ? 'Smoke on the domain' : 'Smoke on the deployment',
      verdict: gate.verdict,
      seen: gate.summary,
      expected: 'all green',
    })),
  ];
}
