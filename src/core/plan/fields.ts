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
 * a record of it nobody can tell, and nothing counts as changed outside. Where the vendor does not tell a setting (it stands in
 * `actual` not at all), what we last wrote is taken for it.
 */
export function fieldChanges(wanted: Fields, actual: Fields, applied: Fields): readonly FieldChange[] {
  return Object.entries(wanted).flatMap(([field, value]) => {
    const last = applied[field];
    const told = actual[field];
    const seen = told ?? null;
    if (sameValue(told === undefined && last !== undefined ? last : seen, value)) return [];
    return [{ field, actual: seen, wanted: value, outside: told !== undefined && last !== undefined && !sameValue(last, told) }];
  });
}

/** Returns those of the wanted settings that the vendor tells: what can be read back. */
export function toldFields(wanted: Fields, actual: Fields): Fields {
  return Object.fromEntries(Object.entries(wanted).filter(([field]) => actual[field] !== undefined));
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
