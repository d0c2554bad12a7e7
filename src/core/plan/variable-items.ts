import type { DatedVariable } from '../ports/managed.ts';
import { leaseVariable, type OwnershipMarker, markerVariable } from './marker.ts';
import type { FieldChange, PlanAction, PlanItem } from './model.ts';

/** A variable that the configuration declares and that has, or will have, a value. */
export interface WantedVariable {
  readonly name: string;
  /** Keyed fingerprint of the value; null when the value is known only once something before it is made. */
  readonly fingerprint: string | null;
}

/** How many digits of a fingerprint a plan shows. */
const shownDigits = 12;

/** Returns the items of the variables, in the order of the configuration. A value is compared by its fingerprint and never read. */
export function variableItems(
  wanted: readonly WantedVariable[],
  listed: readonly DatedVariable[],
  context: { readonly marker: OwnershipMarker | null; readonly adopt: boolean },
): readonly PlanItem[] {
  const current = new Map(listed.map((variable) => [variable.name, variable]));
  return wanted.map((variable) => variableItem(variable, current.get(variable.name), context));
}

/** Returns the names of variables that the configuration does not declare: they are left alone. */
export function undeclaredVariables(declared: readonly string[], listed: readonly DatedVariable[]): readonly string[] {
  const known = new Set([...declared, markerVariable, leaseVariable]);
  return listed.map((variable) => variable.name).filter((name) => !known.has(name));
}

function variableItem(
  wanted: WantedVariable,
  listed: DatedVariable | undefined,
  { marker, adopt }: { readonly marker: OwnershipMarker | null; readonly adopt: boolean },
): PlanItem {
  if (listed === undefined) {
    const gone = marker?.variables[wanted.name] !== undefined;
    return item(wanted, gone ? 'drift' : 'create', [change(wanted, null, gone)], gone ? 'was removed outside' : 'does not exist yet');
  }
  if (listed.fingerprint === null && !adopt) {
    return item(wanted, 'blocked', [], 'exists, but was not written by us: `--adopt` replaces its value');
  }
  const outside = isEditedOutside(listed, marker);
  const same = wanted.fingerprint !== null && wanted.fingerprint === listed.fingerprint;
  if (same && !outside) return item(wanted, 'unchanged', [], 'is as wished');
  const changes = [change(wanted, listed.fingerprint, outside)];
  if (outside) return item(wanted, 'drift', changes, 'was edited outside since it was last written');
  if (listed.fingerprint === null) return item(wanted, 'update', changes, 'is taken over (--adopt)');
  return item(
    wanted,
    'update',
    changes,
    wanted.fingerprint === null ? 'its value comes from what is made before it' : 'its value is another one now',
  );
}

/** Our clock and the vendor's may differ by this much before a write of ours is taken for an edit. */
const clockSkewMs = 120_000;

/**
 * The fingerprint stands beside the value, not in it: whoever edits the value in the dashboard leaves it as it was. What tells is when the
 * value was changed: at the moment that the marker remembers, or about when we say that we wrote it (`env push` writes no marker).
 */
function isEditedOutside({ name, updatedAtMs, writtenAtMs }: DatedVariable, marker: OwnershipMarker | null): boolean {
  const remembered = marker?.variables[name];
  if (updatedAtMs === null || updatedAtMs === remembered) return false;
  if (writtenAtMs !== null) return updatedAtMs > writtenAtMs + clockSkewMs;
  return remembered !== undefined && updatedAtMs > remembered;
}

function change(wanted: WantedVariable, actual: string | null, outside: boolean): FieldChange {
  return { field: 'value', actual: shown(actual), wanted: shown(wanted.fingerprint) ?? '(known later)', outside };
}

function shown(fingerprint: string | null): string | null {
  return fingerprint === null ? null : `#${fingerprint.slice(0, shownDigits)}`;
}

function item(wanted: WantedVariable, action: PlanAction, changes: readonly FieldChange[], reason: string): PlanItem {
  return { resource: 'variable', id: wanted.name, vendorId: null, action, changes, reason, needsPerson: null, costUsdPerMonth: 0 };
}
