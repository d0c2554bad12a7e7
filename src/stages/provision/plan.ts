import { StagingError } from '../../core/errors.ts';
import { lackingPassword, markerOf, wantedOf } from '../../core/plan/build.ts';
import { expensivePlan } from '../../core/plan/cost.ts';
import { newMarker, type OwnedKind, type OwnershipMarker, sameMarker, withResource } from '../../core/plan/marker.ts';
import { isPending, type Plan, type PlanItem } from '../../core/plan/model.ts';
import { samePlan } from '../../core/plan/same.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { isoNow } from '../../core/ports/clock.ts';
import type { Step } from '../../core/run/step.ts';
import type { Planned } from '../plan/plan.ts';
import type { ProvisionRun } from './provision.ts';
import { passwordMissing } from '../resources.ts';

/** Returns the step that refuses a plan that must not be carried out, before anything is created. */
export function refusalStep(run: ProvisionRun): Step {
  const { planned, expected, marker } = run;
  return {
    id: 'refusals',
    title: 'Check that the plan may be carried out',
    run: async () => {
      const { plan, facts } = planned.get();
      const before = markerOf(facts);
      if (before !== null) marker.set(before);
      if (expected !== undefined && !samePlan(expected, plan)) throw stalePlan(expected, plan);
      refuseBlocked(plan);
      refuseLackingPassword(run);
      const expensive = expensivePlan(plan);
      if (expensive !== undefined) throw expensive;
      return isPending(plan) ? 'nothing speaks against it' : 'nothing to do';
    },
  };
}

/** Throws `PLAN_BLOCKED` (exit 6), naming every thing that is not ours to change. */
function refuseBlocked(plan: Plan): void {
  const blocked = plan.items.filter((item) => item.action === 'blocked');
  if (blocked.length === 0) return;
  const named = blocked.slice(0, 5).map((item) => `${item.resource} ${item.id} ${item.reason}`);
  const more = blocked.length > 5 ? `; and ${blocked.length - 5} more` : '';
  throw new StagingError('refused', 'PLAN_BLOCKED', `${blocked.length} things are not ours to change: ${named.join('; ')}${more}.`, {
    fix: 'Run `jv-staging plan` to see them; take them over with `--adopt`, or choose another `name`.',
    data: { blocked },
  });
}

/** Throws `DATABASE_PASSWORD_MISSING` (exit 3): a new one must not be generated for a database that has one. */
function refuseLackingPassword({ deps, planned }: ProvisionRun): void {
  if (lackingPassword(planned.get().facts) !== null) throw passwordMissing(deps);
}

function stalePlan(expected: Plan, actual: Plan): StagingError {
  const before = new Map(expected.items.map((item) => [keyOf(item), item]));
  const changed = actual.items.filter((item) => !sameItem(before.get(keyOf(item)), item)).map(keyOf);
  const named = changed.length === 0 ? 'things are gone' : changed.slice(0, 3).join(', ');
  return new StagingError(
    'refused',
    'PLAN_STALE',
    `The plan no longer fits what is there: ${named} ${changed.length === 1 ? 'has' : 'have'} changed since it was made.`,
    {
      fix: 'Run `jv-staging plan --out plan.json` again and look at it.',
    },
  );
}

function keyOf(item: PlanItem): string {
  return item.resource === item.id ? item.id : `${item.resource} ${item.id}`;
}

function sameItem(left: PlanItem | undefined, right: PlanItem): boolean {
  return left !== undefined && JSON.stringify(left) === JSON.stringify(right);
}

/**
 * Returns the step that announces, in the marker on the project, what is about to be created: a crash between the creation and its
 * record then leaves nothing that nobody owns. A new project bears its marker from the first moment.
 */
export function claimStep(run: ProvisionRun): Step {
  const { deps, resources, planned, marker } = run;
  const wanted = (): OwnershipMarker => announced(planned.get(), marker.peek() ?? null, deps.clock);
  return {
    id: 'claim',
    title: 'Announce in the project’s marker what is to be made',
    mutates: true,
    probe: async () => {
      return sameMarker(marker.peek() ?? null, wanted()) ? 'announced' : undefined;
    },
    run: async (io) => {
      const next = wanted();
      await deps.managed.hosting.writeMarker(resources.project.get().id, next, io.signal);
      marker.set(next);
    },
  };
}

/** What is missing is announced, what is there keeps its entry; what is taken over gets its entry once all is done. */
function announced({ facts }: Planned, before: OwnershipMarker | null, clock: Clock): OwnershipMarker {
  const since = isoNow(clock);
  const [database] = facts.databases.found;
  const [cache] = facts.caches.found;
  const missing: readonly OwnedKind[] = [
    ...(database === undefined ? ['supabase-project' as const] : []),
    ...(cache === undefined ? ['upstash-database' as const] : []),
  ];
  const base = before ?? { ...newMarker(facts.settings, since), resources: {} };
  return missing.reduce((next, kind) => {
    const known = next.resources[kind];
    return known?.id === null ? next : withResource(next, kind, { id: null, since, applied: {} });
  }, base);
}

/** Returns the step that writes down what was made and applied, once all of it is done. */
export function recordStep(run: ProvisionRun): Step {
  const { deps, resources, planned, marker } = run;
  const next = async (signal: AbortSignal) => {
    const { name, domain } = deps.settings;
    const read = await deps.managed.hosting.read({ name, domain, production: [] }, signal);
    const times = (read.project?.variables ?? []).flatMap((variable) =>
      variable.updatedAtMs === null ? [] : [[variable.name, variable.updatedAtMs] as const],
    );
    return recorded(run, Object.fromEntries(times));
  };
  return {
    id: 'record',
    title: 'Record in the project’s marker what was made and applied',
    mutates: true,
    probe: async (io) => {
      if (!isRecordDue(planned.get().plan)) return 'unchanged';
      return sameMarker(marker.peek() ?? null, await next(io.signal)) ? 'unchanged' : undefined;
    },
    run: async (io) => {
      const written = await next(io.signal);
      await deps.managed.hosting.writeMarker(resources.project.get().id, written, io.signal);
      marker.set(written);
    },
  };
}

function isRecordDue({ items }: Plan): boolean {
  const recordedKinds = new Set<PlanItem['resource']>(['vercel-project', 'supabase-project', 'upstash-database', 'variable', 'domain']);
  return items.some((item) => recordedKinds.has(item.resource) && item.action !== 'unchanged');
}

function recorded({ deps, resources, planned, marker }: ProvisionRun, times: Readonly<Record<string, number>>): OwnershipMarker {
  const { facts } = planned.get();
  const wanted = wantedOf(facts);
  const before = marker.peek() ?? newMarker(deps.settings, isoNow(deps.clock));
  const ids = {
    'vercel-project': resources.project.get().id,
    'supabase-project': resources.database.get().ref,
    'upstash-database': resources.cache.get().id,
  };
  const entry = (kind: OwnedKind, more: Readonly<Record<string, string>> = {}) => {
    const known = before.resources[kind];
    return { id: ids[kind], since: known?.since ?? isoNow(deps.clock), applied: { ...known?.applied, ...wanted[kind].managed, ...more } };
  };
  const declared = Object.keys(deps.settings.env);
  return {
    version: 1,
    name: deps.settings.name,
    environment: deps.settings.environment,
    resources: {
      'vercel-project': entry('vercel-project', { domain: deps.settings.domain }),
      'supabase-project': entry('supabase-project'),
      'upstash-database': entry('upstash-database'),
    },
    variables: Object.fromEntries(Object.entries(times).filter(([name]) => declared.includes(name))),
  };
}
