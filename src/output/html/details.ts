import type { LoadDetails, PerfDetails, SmokeDetails } from '../../core/report.ts';
import type { DrillLegs } from '../../core/rollback/drill.ts';
import type { WatchDetails } from '../../core/smoke/watch.ts';

/** Returns true when a stage's details are those of perf. A report read from a file may hold anything. */
export function isPerfDetails(details: unknown): details is PerfDetails {
  return (
    has(details, 'pages', isList) &&
    has(details, 'endpoints', isList) &&
    has(details, 'budgets', isObject) &&
    has(details, 'versions', isObject)
  );
}

/** Returns true when a stage's details are those of load. */
export function isLoadDetails(details: unknown): details is LoadDetails {
  return (
    has(details, 'thresholds', isObject) &&
    has(
      details,
      'measurement',
      (value) => has(value, 'timeline', isList) && has(value, 'all', isObject) && has(value, 'byRequest', isObject),
    )
  );
}

/** Returns true when a stage's details are those of smoke. */
export function isSmokeDetails(details: unknown): details is SmokeDetails {
  return has(details, 'profile', (value) => typeof value === 'string') && has(details, 'notInProfile', isList);
}

/** Returns true when a stage's details are those of a watch. */
export function isWatchDetails(details: unknown): details is WatchDetails {
  const isOutage = (outage: unknown) => has(outage, 'from', isText) && has(outage, 'checks', isList);
  return has(details, 'outages', (outages) => Array.isArray(outages) && outages.every(isOutage)) && has(details, 'everyMs', isNumber);
}

/** Returns true when a stage's details are those of a drill. */
export function isDrillLegs(details: unknown): details is DrillLegs {
  const isStep = (step: unknown) => has(step, 'id', isText) && has(step, 'durationMs', isNumber);
  const isLeg = (leg: unknown) =>
    has(leg, 'direction', isText) &&
    has(leg, 'to', isText) &&
    has(leg, 'rtoMs', isNumber) &&
    has(leg, 'steps', (steps) => Array.isArray(steps) && steps.every(isStep));
  return has(details, 'legs', (legs) => Array.isArray(legs) && legs.length > 0 && legs.every(isLeg));
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function has(value: unknown, name: string, test: (part: unknown) => boolean): boolean {
  return isObject(value) && test(Object.getOwnPropertyDescriptor(value, name)?.value);
}
