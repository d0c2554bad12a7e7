import { type CatalogDifference, type CatalogSnapshot, diffCatalogs, differenceText } from '../catalog/catalog.ts';
import { sameValue } from '../plan/fields.ts';
import type { Fields, FieldValue, Plan, PlanItem } from '../plan/model.ts';
import { type DriftArea, type DriftFacts, type DriftItem, driftOf, joinDrift } from './drift.ts';

/** How many characters of a definition are shown: enough to see in what it differs, not a page for a function. */
const shownDefinition = 160;

/** Returns what is not as the configuration says: everything that `plan` would change, by area. */
export function planDrift({ items }: Plan): DriftFacts {
  return joinDrift(items.map((item) => driftOf(areaOf(item), 1, item.action === 'unchanged' ? [] : itemDrift(item))));
}

/** Two sides of the same thing, each undefined when it could not be read; `why` says what kept it from being read. */
export interface Sides<Side> {
  readonly staging: Side | undefined;
  readonly production: Side | undefined;
  readonly why: string;
}

/** Returns in which of the named settings staging differs from production; what one side does not tell is unknown. */
export function settingsDrift(area: DriftArea, of: string, names: readonly string[], sides: Sides<Fields>): DriftFacts {
  const { staging, production } = sides;
  if (staging === undefined || production === undefined) return driftOf(area, 0, [unknownDrift(area, of, sides)]);
  const items = names.flatMap((name): readonly DriftItem[] => {
    const [seen, wanted] = [staging[name], production[name]];
    const what = `${of} ${name}`;
    if (seen === undefined && wanted === undefined) return [unknownDrift(area, what, { ...sides, why: 'neither side tells it' })];
    if (sameValue(seen ?? null, wanted ?? null)) return [];
    return [{ area, what, state: 'differs', against: 'production', seen: valueText(seen), expected: valueText(wanted) }];
  });
  return driftOf(area, names.length, items);
}

/** Returns which variables only one of the two has: what works on staging would lack them in production, or the other way round. */
export function variableNamesDrift(sides: Sides<readonly string[]>): DriftFacts {
  const { staging, production } = sides;
  if (staging === undefined || production === undefined)
    return driftOf('variables', 0, [unknownDrift('variables', 'names in production', sides)]);
  const [ours, theirs] = [new Set(staging), new Set(production)];
  const missing = production.filter((name) => !ours.has(name));
  const extra = staging.filter((name) => !theirs.has(name));
  const item = (what: string, seen: string, expected: string): DriftItem => ({
    area: 'variables',
    what,
    state: 'differs',
    against: 'production',
    seen,
    expected,
  });
  return driftOf('variables', new Set([...staging, ...production]).size, [
    ...missing.map((name) => item(name, 'not in staging', 'a variable of this name, as production has')),
    ...extra.map((name) => item(name, 'in staging alone', 'no variable of this name, as in production')),
  ]);
}

/** Returns in what the catalog of staging's database differs from that of production's. */
export function catalogDrift(sides: Sides<CatalogSnapshot>): DriftFacts {
  const { staging, production } = sides;
  if (staging === undefined || production === undefined) return driftOf('catalog', 0, [unknownDrift('catalog', 'database', sides)]);
  const items = diffCatalogs(production, staging).map((difference): DriftItem => ({
    area: 'catalog',
    what: `${difference.kind} ${difference.identity}`,
    state: 'differs',
    against: 'production',
    ...definitions(difference),
  }));
  const names = new Set([...production.objects, ...staging.objects].map(({ kind, identity }) => `${kind} ${identity}`));
  return driftOf('catalog', names.size, items);
}

function definitions(difference: CatalogDifference): Pick<DriftItem, 'seen' | 'expected'> {
  const { change, wanted, actual, parts } = difference;
  if (change === 'changed') return { seen: shortened(actual), expected: shortened(wanted) };
  const said = differenceText({ ...difference, parts }).slice(`${difference.kind} ${difference.identity} is `.length);
  return change === 'missing'
    ? { seen: said, expected: `as in production: ${shortened(wanted)}` }
    : { seen: `${said}: ${shortened(actual)}`, expected: 'not there, as in production' };
}

function shortened(definition: string | null): string {
  const text = (definition ?? '').replaceAll(/\s+/g, ' ').trim();
  return text.length <= shownDefinition ? text : `${text.slice(0, shownDefinition - 1)}…`;
}

function unknownDrift(area: DriftArea, what: string, { why, staging }: Sides<unknown>): DriftItem {
  return {
    area,
    what,
    state: 'unknown',
    against: 'production',
    seen: `unknown: ${why}`,
    expected: staging === undefined ? 'both sides known' : 'as in production',
  };
}

function areaOf({ resource }: PlanItem): DriftArea {
  if (resource === 'variable') return 'variables';
  if (resource === 'upstash-database') return 'redis';
  return 'settings';
}

function itemDrift(item: PlanItem): readonly DriftItem[] {
  const area = areaOf(item);
  const own = { area, state: 'differs', against: 'configuration' } as const;
  if (item.resource === 'variable') return [{ ...own, what: item.id, seen: item.reason, expected: 'as the configuration says' }];
  const isNew = item.action === 'create' || item.changes.length === 0;
  if (isNew) return [{ ...own, what: item.resource, seen: item.reason, expected: 'as the configuration says' }];
  return item.changes.map(({ field, actual, wanted, outside }) => ({
    ...own,
    what: `${item.resource} ${field}`,
    seen: `${valueText(actual)}${outside ? ' (changed outside)' : ''}`,
    expected: valueText(wanted),
  }));
}

function valueText(value: FieldValue | undefined): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'object') return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}
