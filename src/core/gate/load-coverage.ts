/** How long the load must stay at its users: two minutes at fifty (original plan, the stages of its k6 script, and AC-9). */
export const fullLoad = { vus: 50, heldMs: 120_000 } as const;

/**
 * Returns how long a ramp stays at `vus` users or more, in milliseconds: of each stage the part of its straight line from the stage
 * before that lies at or above; the first begins at none.
 */
export function heldMs(stages: readonly { readonly durationMs: number; readonly vus: number }[], vus: number): number {
  let from = 0;
  let held = 0;
  for (const { durationMs, vus: to } of stages) {
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    if (low >= vus) held += durationMs;
    else if (high > vus) held += (durationMs * (high - vus)) / (high - low);
    from = to;
  }
  return held;
}

/** Returns the stages that a kept load report names, or undefined when it does not say. */
export function reportedStages(details: unknown): readonly { readonly durationMs: number; readonly vus: number }[] | undefined {
  if (typeof details !== 'object' || details === null || !('stages' in details) || !Array.isArray(details.stages)) return undefined;
  const stages = details.stages.filter(isStage);
  return stages.length === details.stages.length ? stages : undefined;
}

function isStage(value: unknown): value is { readonly durationMs: number; readonly vus: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'durationMs' in value &&
    typeof value.durationMs === 'number' &&
    'vus' in value &&
    typeof value.vus === 'number'
  );
}
