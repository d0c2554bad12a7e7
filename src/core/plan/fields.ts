import type { FieldChange, Fields, FieldValue } from './model.ts';

/** Returns true when two values are the same; lists without regard to order. */
export function sameValue(left: FieldValue, right: FieldValue): boolean {
  if (isList(left) && isList(right)) {
    const [one, other] = [left.toSorted(), right.toSorted()];
    return one.length === other.length && one.every((value, at) => value === other[at]);
  }
  return left === right;
}

/**
 * Returns the settings that are not as wished. `applied` is what we last wrote: what differs from it was changed outside; without
 * a record of it nobody can tell, and nothing counts as changed outside.
 */
export function fieldChanges(wanted: Fields, actual: Fields, applied: Fields): readonly FieldChange[] {
  return Object.entries(wanted).flatMap(([field, value]) => {
    const seen = actual[field] ?? null;
    if (sameValue(seen, value)) return [];
    const last = applied[field];
    return [{ field, actual: seen, wanted: value, outside: last !== undefined && !sameValue(last, seen) }];
  });
}

/** Returns the changes of a thing that is not there yet: every setting, from nothing. */
export function newFields(wanted: Fields): readonly FieldChange[] {
  return Object.entries(wanted).map(([field, value]) => ({ field, actual: null, wanted: value, outside: false }));
}

/** Returns what `changes` want, as settings to write. */
export function wantedFields(changes: readonly FieldChange[]): Fields {
  return Object.fromEntries(changes.map((change) => [change.field, change.wanted]));
}

function isList(value: FieldValue): value is readonly string[] {
  return Array.isArray(value);
}
