import type { StageResult } from '../verdict.ts';
import { fullLoad, heldMs, reportedStages } from './load-coverage.ts';

/**
 * Returns in words what a green result lacks of what its criterion asks for, or undefined when it lacks nothing: a seed of nothing, a smoke from outside
 * only, of chosen checks, or of too few; a perf of chosen form factors or fewer runs; a load that did not stay long enough at its users.
 */
export function shortfallOf({ stage, details }: Pick<StageResult, 'stage' | 'details'>): string | undefined {
  switch (stage) {
    case 'smoke':
      return smokeShortfall(details);
    case 'seed':
      return seededThings(details) === 0 ? 'nothing was seeded' : undefined;
    case 'perf':
      return named(details, 'leftOut');
    case 'load': {
      const stages = reportedStages(details);
      const held = stages === undefined ? 0 : heldMs(stages, fullLoad.vus);
      return held >= fullLoad.heldMs ? undefined : `${Math.round(held / 1000)} s at ${fullLoad.vus} users or more`;
    }
    default:
      return undefined;
  }
}

function smokeShortfall(details: unknown): string | undefined {
  if (fieldOf(details, 'profile') !== 'full') return 'from outside only';
  const leftOut = named(details, 'leftOut');
  if (leftOut !== undefined) return leftOut;
  const [executed, minimum] = [fieldOf(details, 'executed'), fieldOf(details, 'minimum')];
  if (typeof executed !== 'number' || typeof minimum !== 'number' || executed >= minimum) return undefined;
  return `${executed} checks executed, at least ${minimum} wanted`;
}

/** Rows, jobs and keys that a seed wrote; undefined where its report does not say. */
function seededThings(details: unknown): number | undefined {
  const counts = [
    ['tables', 'rows'],
    ['entries', 'entries'],
  ].map(([list = '', field = '']) => {
    const found = fieldOf(details, list);
    return Array.isArray(found) ? found.map((one: unknown) => Number(fieldOf(one, field))) : undefined;
  });
  return counts.includes(undefined) ? undefined : counts.flatMap((one) => one ?? []).reduce((sum, one) => sum + one, 0);
}

/** The first few of a list of names in the details; undefined when there is none. */
function named(details: unknown, field: string): string | undefined {
  const found = fieldOf(details, field);
  if (!Array.isArray(found) || found.length === 0) return undefined;
  const names = found.filter((one: unknown) => typeof one === 'string');
  const most = 3;
  return `left out: ${names.slice(0, most).join(', ')}${names.length > most ? ` and ${names.length - most} more` : ''}`;
}

function fieldOf(details: unknown, name: string): unknown {
  if (typeof details !== 'object' || details === null) return undefined;
  return new Map<string, unknown>(Object.entries(details)).get(name);
}
