import { migrationHead } from '../../core/release/migrations.ts';
import type { ReleaseRecord } from '../../core/release/release.ts';
import type { Step } from '../../core/run/step.ts';
import type { RollbackDeps, RollbackFacts } from './deps.ts';

/** Returns the step that appends the record of the rollback; one that a run that was cut off had appended already stays the only one. */
export function rollbackRecordStep(deps: RollbackDeps, facts: RollbackFacts): Step {
  let ownId: string | undefined;
  const recordId = () => facts.plan.get().recorded?.id ?? (ownId ??= deps.newReleaseId());
  return {
    id: 'record',
    title: 'Write the release record',
    mutates: true,
    // A run that is cut off from here on may have left this record behind.
    marker: recordId,
    // The domain has moved and the record says so: what smoke came to undoes nothing any more.
    settles: true,
    run: async (io) => {
      const { recorded } = facts.plan.get();
      const applied = await deps.openDatabase().appliedMigrations(io.signal);
      facts.record.set(recorded ?? rollbackRecord(deps, facts, recordId(), new Set(applied.map(({ version }) => version))));
      await deps.openDatabase().appendRelease(facts.record.get(), io.signal);
      return recorded === undefined ? facts.record.get().id : `${recorded.id} stands there already`;
    },
  };
}

/** Returns the goal's release again, under its own id, after what was live until now, with the schema as it is. */
function rollbackRecord(deps: RollbackDeps, { plan, smoked }: RollbackFacts, id: string, applied: ReadonlySet<string>): ReleaseRecord {
  const { from, to, decision } = plan.get();
  const gate = smoked.get().result();
  const checksums = { ...from.migrationChecksums, ...to.migrationChecksums };
  return {
    ...to,
    id,
    kind: 'rollback',
    migrationHead: migrationHead([...applied].map((version) => ({ version, name: null }))),
    migrationChecksums: Object.fromEntries(Object.entries(checksums).filter(([version]) => applied.has(version))),
    seedVersion: decision === 'app-and-restore-point' ? to.seedVersion : from.seedVersion,
    restorePoint: null,
    restoreMark: null,
    gates: gate === undefined ? [] : [{ gate: 'smoke-domain', verdict: gate.verdict, summary: gate.summary }],
    createdAt: new Date(deps.clock.nowMs()).toISOString(),
    actor: deps.actor,
    previous: from.id,
  };
}
