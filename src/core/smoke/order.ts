import type { SmokeCheck } from './smoke.ts';
import type { Finding } from '../verdict.ts';

/** Returns ids that need one another in a circle, the first one again at the end, or undefined when there is no circle. */
export function circleOf(needs: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const free = new Set<string>();
  const follow = (id: string, trail: readonly string[]): readonly string[] | undefined => {
    if (free.has(id)) return undefined;
    const at = trail.indexOf(id);
    if (at !== -1) return [...trail.slice(at), id];
    for (const next of needs.get(id) ?? []) {
      const circle = follow(next, [...trail, id]);
      if (circle !== undefined) return circle;
    }
    free.add(id);
    return undefined;
  };
  for (const id of needs.keys()) {
    const circle = follow(id, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** Returns the checks with those that they need, in the configuration's order: `--only` leaves nothing out that another stands on. */
export function withNeeded(all: readonly SmokeCheck[], wanted: readonly SmokeCheck[]): readonly SmokeCheck[] {
  const chosen = new Set<string>();
  const add = (id: string): void => {
    if (chosen.has(id)) return;
    chosen.add(id);
    for (const need of all.find((check) => check.id === id)?.needs ?? []) add(need);
  };
  for (const { id } of wanted) add(id);
  return all.filter(({ id }) => chosen.has(id));
}

/** Returns the finding of a check that was not run because of another. */
export function notRunFor({ id, title }: SmokeCheck, needed: Pick<Finding, 'title'>): Finding {
  return {
    id,
    title,
    verdict: 'skipped',
    seen: 'not run',
    expected: `"${needed.title}" green first`,
    message: `Not run: it needs "${needed.title}", which is not green.`,
    fix: `Mend "${needed.title}" first.`,
  };
}

const cut = 'not waited for';

/** Returns the finding of a check that was cut off since another one had settled the verdict. */
export function notWaitedFor({ id, title }: Pick<Finding, 'id' | 'title'>): Finding {
  return {
    id,
    title,
    verdict: 'skipped',
    seen: cut,
    expected: 'every other check green',
    message: 'Not waited for: another check had settled the verdict.',
    fix: 'Mend what is red first.',
  };
}

/** Returns true for the finding of a check that was cut off. */
export function isNotWaitedFor({ verdict, seen }: Finding): boolean {
  return verdict === 'skipped' && seen === cut;
}

/** Returns the finding of a check that was red, and green when it was run once more. */
export function flaky(first: Finding, second: Finding): Finding {
  return {
    ...second,
    flaky: true,
    seen: `${second.seen} (flaky: the first time ${first.seen})`,
    durationMs: (first.durationMs ?? 0) + (second.durationMs ?? 0),
  };
}
