/** Kinds of what a catalog holds, in the order in which they are listed. */
export const catalogKinds = [
  'role',
  'extension',
  'schema',
  'type',
  'table',
  'view',
  'column',
  'default',
  'sequence',
  'constraint',
  'index',
  'function',
  'trigger',
  'rule',
  'policy',
  'publication',
  'grant',
] as const;

/** What kind of thing a catalog object is. */
export type CatalogKind = (typeof catalogKinds)[number];

/** One thing of a database as its own catalog describes it. */
export interface CatalogObject {
  readonly kind: CatalogKind;
  /** What names it among its kind: `public.users.email`, `public.is_admin()`, `public.users: owners read`. */
  readonly identity: string;
  /** All that makes it what it is, in a form that is the same on every server of the same major version. */
  readonly definition: string;
  /** The schema that it lies in, or null for what lies in none (roles, extensions). */
  readonly schema: string | null;
  /** The table or view that it is a part of (`public.users`), or null. */
  readonly table: string | null;
}

/** Everything that migrations can make, at one moment, in order of kind and identity. */
export interface CatalogSnapshot {
  readonly objects: readonly CatalogObject[];
}

/** A thing in which two catalogs differ. */
export interface CatalogDifference {
  /** `missing`: wanted and not there; `extra`: there and not wanted. */
  readonly change: 'missing' | 'extra' | 'changed';
  readonly kind: CatalogKind;
  readonly identity: string;
  /** Null when it is not wanted. */
  readonly wanted: string | null;
  /** Null when it is not there. */
  readonly actual: string | null;
  /** Columns, indexes, policies and the like of a table that is missing or extra as a whole; they are not listed one by one. */
  readonly parts: number;
}

/** Returns a snapshot of these objects in their order: by kind, then by identity, whatever the database's collation. */
export function catalogSnapshot(objects: readonly CatalogObject[]): CatalogSnapshot {
  const rank = new Map(catalogKinds.map((kind, index) => [kind, index]));
  const order = (left: CatalogObject, right: CatalogObject) =>
    (rank.get(left.kind) ?? 0) - (rank.get(right.kind) ?? 0) || compareTexts(left.identity, right.identity);
  return { objects: objects.toSorted(order) };
}

/** Returns a fingerprint that two snapshots share exactly when they are the same; `sha256` hashes a text. */
export function fingerprintCatalog({ objects }: CatalogSnapshot, sha256: (text: string) => string): string {
  return sha256(JSON.stringify(objects.map(({ kind, identity, definition }) => [kind, identity, definition])));
}

/** Returns what differs, in order of kind and identity; what belongs to a table that is missing or extra is counted with it. */
export function diffCatalogs(wanted: CatalogSnapshot, actual: CatalogSnapshot): readonly CatalogDifference[] {
  const [left, right] = [byKey(wanted), byKey(actual)];
  const whole = new Map<string, number>();
  const differences: CatalogDifference[] = [];
  for (const object of catalogSnapshot([...new Map([...left, ...right]).values()]).objects) {
    const [want, have] = [left.get(keyOf(object)), right.get(keyOf(object))];
    if (want !== undefined && have !== undefined && want.definition === have.definition) continue;
    const change = have === undefined ? 'missing' : want === undefined ? 'extra' : 'changed';
    const container = containerOf(object);
    const parts = container === null || change === 'changed' ? undefined : whole.get(`${change} ${container}`);
    if (container !== null && parts !== undefined) {
      whole.set(`${change} ${container}`, parts + 1);
      continue;
    }
    if (isContainer(object) && change !== 'changed') whole.set(`${change} ${object.identity}`, 0);
    differences.push({
      change,
      kind: object.kind,
      identity: object.identity,
      wanted: want?.definition ?? null,
      actual: have?.definition ?? null,
      parts: 0,
    });
  }
  return differences.map((difference) => ({ ...difference, parts: partsOf(difference, whole) }));
}

/** Returns a difference as one line for people: `column public.users.email is missing`. */
export function differenceText({ change, kind, identity, parts }: CatalogDifference): string {
  const more = parts === 0 ? '' : ` with ${parts} ${parts === 1 ? 'part' : 'parts'}`;
  return change === 'changed' ? `${kind} ${identity} differs` : `${kind} ${identity} is ${change}${more}`;
}

function partsOf({ kind, change, identity }: CatalogDifference, whole: ReadonlyMap<string, number>): number {
  return kind === 'table' || kind === 'view' ? (whole.get(`${change} ${identity}`) ?? 0) : 0;
}

function isContainer({ kind }: CatalogObject): boolean {
  return kind === 'table' || kind === 'view';
}

/** The table or view that an object goes with. */
function containerOf(object: CatalogObject): string | null {
  return isContainer(object) ? null : object.table;
}

function byKey({ objects }: CatalogSnapshot): ReadonlyMap<string, CatalogObject> {
  return new Map(objects.map((object) => [keyOf(object), object]));
}

function keyOf({ kind, identity }: CatalogObject): string {
  return `${kind} ${identity}`;
}

function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
