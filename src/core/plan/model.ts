import type { TargetName } from '../settings.ts';

/** A value of a setting as plans compare and show it; never a secret. Lists are compared without regard to order. */
export type FieldValue = string | number | boolean | null | readonly string[];

/** Settings of a resource by name. A setting that stands in none of them is not managed. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** What a plan is about. */
export type ResourceKind =
  | 'environment-file'
  | 'vercel-project'
  | 'supabase-project'
  | 'upstash-database'
  | 'schema'
  | 'domain'
  | 'variable';

/**
 * What becomes of a thing: `drift` is set right again like `update`, but was changed outside since we last wrote it; `blocked` is
 * left alone, and as long as anything is blocked nothing is changed at all.
 */
export type PlanAction = 'create' | 'update' | 'unchanged' | 'blocked' | 'drift';

/** One setting that is not as wished. */
export interface FieldChange {
  readonly field: string;
  /** Null when there is none yet, or when it cannot be read. */
  readonly actual: FieldValue;
  readonly wanted: FieldValue;
  /** True when it was changed outside since we last wrote it. */
  readonly outside: boolean;
}

/** One thing of the environment: wanted × actual. */
export interface PlanItem {
  readonly resource: ResourceKind;
  /** Its name: that of the environment, the variable or the domain. Unique among items of its kind. */
  readonly id: string;
  /** The vendor's id of it, or null while there is none. */
  readonly vendorId: string | null;
  readonly action: PlanAction;
  readonly changes: readonly FieldChange[];
  /** One sentence without full stop: why. */
  readonly reason: string;
  /** What only a person can do, e.g. the exact DNS record to add; null when nothing. */
  readonly needsPerson: string | null;
  /** Null when it is not known. */
  readonly costUsdPerMonth: number | null;
}

/** What the environment costs. */
export interface PlanCost {
  /** Sum of what is known. */
  readonly knownUsdPerMonth: number;
  /** What has no known price, with the reason. */
  readonly unknown: readonly { readonly what: string; readonly why: string }[];
  readonly parts: readonly { readonly what: string; readonly usdPerMonth: number; readonly source: string; readonly readOn: string }[];
  /** What production costs by the configuration, or null. */
  readonly productionUsdPerMonth: number | null;
  /** `unknown` when production's cost is not given, or when a part without a price could still break the limit. */
  readonly verdict: 'within' | 'over' | 'unknown';
}

/** What would be done to make the environment as wished. */
export interface Plan {
  readonly version: 1;
  readonly name: string;
  readonly environment: string;
  readonly target: TargetName;
  readonly items: readonly PlanItem[];
  readonly cost: PlanCost;
  /** What is left alone and worth knowing, a sentence each. */
  readonly notes: readonly string[];
}

/** How many items there are of each action. */
export type PlanCounts = Readonly<Record<PlanAction, number>>;

/** Returns how many items there are of each action. */
export function planCounts(plan: Plan): PlanCounts {
  const count = (action: PlanAction) => plan.items.filter((item) => item.action === action).length;
  return {
    create: count('create'),
    update: count('update'),
    drift: count('drift'),
    blocked: count('blocked'),
    unchanged: count('unchanged'),
  };
}

/** Returns true when the plan would change something (or is kept from it). */
export function isPending(plan: Plan): boolean {
  return plan.items.some((item) => item.action !== 'unchanged');
}

/** Returns the item of this kind and name, or undefined. */
export function itemOf(plan: Plan, resource: ResourceKind, id?: string): PlanItem | undefined {
  return plan.items.find((item) => item.resource === resource && (id === undefined || item.id === id));
}
