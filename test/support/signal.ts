/** Something that a test waits for. */
export interface Signal<Value> {
  readonly reached: Promise<Value>;
  reach(value: Value): void;
}

/** Returns a signal that somebody else gives. */
export function signal<Value>(): Signal<Value> {
  const doors: { reach?: (value: Value) => void } = {};
  const reached = new Promise<Value>((resolve) => {
    doors.reach = resolve;
  });
  return { reached, reach: (value) => doors.reach?.(value) };
}
