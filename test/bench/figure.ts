import { summariseLatencies } from '../../src/core/statistics.ts';

/** Values of one kind, measured one after the other. */
export interface Series {
  readonly runs: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Units that figures are printed in. */
export type Unit = 'ms' | 's' | 'MB' | 'x' | '%' | 'requests';

/** What a figure has to be; `goal` is what it would better be. */
export interface Target {
  readonly atMost: number;
  readonly unit: Unit;
  /** What is compared: the figure itself, or how many times its peer it is. */
  readonly of: 'value' | 'ratio';
  readonly goal?: number | undefined;
}

/** One number of the bench, beside its peer. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly value: Series;
  /** Measured in the same run, in turn with the figure. */
  readonly peer: { readonly name: string; readonly value: Series } | null;
  /** How many times its peer the figure is, run by run. */
  readonly ratio: Series | null;
  readonly target: Target | null;
  /** Null where there is no target: the figure is for information. */
  readonly met: boolean | null;
}

/** What a case measured, before it is judged. */
export interface Measured {
  readonly name: string;
  readonly unit: Unit;
  readonly values: readonly number[];
  /** As many values as the figure has, measured in turn with them, or one fixed reference. */
  readonly peer?: { readonly name: string; readonly values: readonly number[] } | undefined;
  readonly target?: Target | undefined;
}

/** Returns median (nearest rank), lowest and highest. Throws for no values. */
export function seriesOf(values: readonly number[]): Series {
  if (values.length === 0) throw new Error('A series needs at least one value.');
  const { p50Ms: median, minMs: min, maxMs: max } = summariseLatencies(values);
  return { runs: values.length, median, min, max };
}

/** Returns the figure of what was measured: the median is compared with the target, of the figure or of its ratios run by run. */
export function figureOf({ name, unit, values, peer, target }: Measured): Figure {
  if (peer !== undefined && peer.values.length !== values.length)
    throw new Error(`${name} has ${values.length} runs, its peer ${peer.values.length}.`);
  const value = seriesOf(values);
  const ratio = peer === undefined ? null : seriesOf(values.map((one, run) => one / (peer.values[run] ?? Number.NaN)));
  const compared = target?.of === 'ratio' ? ratio : value;
  if (compared === null) throw new Error(`${name} has a target for its ratio and no peer.`);
  return {
    name,
    unit,
    value,
    peer: peer === undefined ? null : { name: peer.name, value: seriesOf(peer.values) },
    ratio,
    target: target ?? null,
    met: target === undefined ? null : compared.median <= target.atMost,
  };
}
