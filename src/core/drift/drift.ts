/** What drift is looked for in. */
export const driftAreas = ['settings', 'variables', 'catalog', 'redis'] as const;

/** What a difference is about. */
export type DriftArea = (typeof driftAreas)[number];

/** A difference that is known and meant, for a while. */
export interface DriftWaiver {
  /** `<area> <what>` as `status --drift` names it, e.g. `catalog index public.users_by_email`; a `*` at its end stands for any rest. */
  readonly what: string;
  readonly reason: string;
  /** The last day (YYYY-MM-DD, UTC) on which it holds. */
  readonly until: string;
}

/** A thing that is not as wished, not as in production, or that cannot be compared. */
export interface DriftItem {
  readonly area: DriftArea;
  /** What names it within its area: `vercel-project nodeVersion`, `STRIPE_KEY`, `index public.users_by_email`. */
  readonly what: string;
  /** `unknown`: one of the two sides could not be read, which is not the same as being equal. */
  readonly state: 'differs' | 'unknown';
  /** What it is held against. */
  readonly against: 'configuration' | 'production';
  readonly seen: string;
  readonly expected: string;
}

/** A difference with the waiver that covers it, if any. */
export interface JudgedDrift extends DriftItem {
  readonly waiver: DriftWaiver | null;
}

/** How a waiver stands: `unused` ones cover nothing (any more), `expired` ones cover nothing because their day has passed. */
export interface JudgedWaiver extends DriftWaiver {
  readonly state: 'used' | 'unused' | 'expired';
}

/** Everything that drift was looked for in, and what was found. */
export interface DriftDetails {
  /** How many things were compared in each area. */
  readonly compared: Readonly<Record<DriftArea, number>>;
  readonly items: readonly JudgedDrift[];
  readonly waivers: readonly JudgedWaiver[];
}

/** What was compared, before waivers are looked at. */
export interface DriftFacts {
  readonly compared: Readonly<Record<DriftArea, number>>;
  readonly items: readonly DriftItem[];
}

/** Returns the sum of several comparisons. */
export function joinDrift(parts: readonly DriftFacts[]): DriftFacts {
  const sum = (area: DriftArea) => parts.reduce((total, { compared }) => total + compared[area], 0);
  return {
    compared: { settings: sum('settings'), variables: sum('variables'), catalog: sum('catalog'), redis: sum('redis') },
    items: parts.flatMap(({ items }) => items),
  };
}

/** Returns a comparison of one area. */
export function driftOf(area: DriftArea, compared: number, items: readonly DriftItem[]): DriftFacts {
  return { compared: { settings: 0, variables: 0, catalog: 0, redis: 0, [area]: compared }, items };
}

/** Returns what was found with the waivers that cover it on a day (YYYY-MM-DD, UTC). */
export function judgeDrift(facts: DriftFacts, waivers: readonly DriftWaiver[], today: string): DriftDetails {
  const valid = waivers.filter(({ until }) => until >= today);
  const items = facts.items.map((item): JudgedDrift => ({ ...item, waiver: valid.find((waiver) => covers(waiver, item)) ?? null }));
  const state = (waiver: DriftWaiver): JudgedWaiver['state'] => {
    if (waiver.until < today) return 'expired';
    return facts.items.some((item) => covers(waiver, item)) ? 'used' : 'unused';
  };
  return { compared: facts.compared, items, waivers: waivers.map((waiver) => ({ ...waiver, state: state(waiver) })) };
}

/** Returns the name of a difference as waivers write it. */
export function driftName({ area, what }: Pick<DriftItem, 'area' | 'what'>): string {
  return `${area} ${what}`;
}

function covers({ what }: DriftWaiver, item: DriftItem): boolean {
  const name = driftName(item);
  return what.endsWith('*') ? name.startsWith(what.slice(0, -1)) : name === what;
}
