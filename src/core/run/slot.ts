/** A place for a value that an earlier step finds and a later step uses. */
export interface Slot<Value> {
  /** Returns the value; throws (a bug of ours) when no step has set it yet. */
  get(): Value;
  set(value: Value): void;
  /** Returns the value, or undefined when no step has set it yet. */
  peek(): Value | undefined;
}

/** Returns an empty slot; `name` is named when it is read too early. */
export function slot<Value>(name: string): Slot<Value> {
  let held: { readonly value: Value } | undefined;
  return {
    get: () => {
      if (held === undefined) throw new Error(`The ${name} is asked for before any step has found it.`);
      return held.value;
    },
    set: (value) => {
      held = { value };
    },
    peek: () => held?.value,
  };
}
