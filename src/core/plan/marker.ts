import type { Fields } from './model.ts';

/** The resources that have an owner. */
export type OwnedKind = 'vercel-project' | 'supabase-project' | 'upstash-database';

/** What the marker says of one resource. */
export interface OwnedResource {
  /** The vendor's id, or null while its creation is announced but not known to have come about. */
  readonly id: string | null;
  /** When its creation was announced (ISO 8601 UTC): one of its name made after that is ours. */
  readonly since: string;
  /** The settings as we last wrote them. */
  readonly applied: Fields;
}

/**
 * Says whose an environment is and what we last wrote to it. It is kept at the vendor, as one variable of the Vercel project:
 * Vercel's names are unique in a team, so the project is the claim; Upstash's API has no place for a mark of ours, and Supabase's
 * would be a row in the very database whose owner is in question. Any laptop or CI job reads the same marker in the call that lists
 * the variables anyway, and it needs no state server.
 */
export interface OwnershipMarker {
  readonly version: 1;
  readonly name: string;
  readonly environment: string;
  readonly resources: { readonly [Kind in OwnedKind]?: OwnedResource | undefined };
  /** When the vendor says that each variable was last changed, as of our own last write (ms since 1970 UTC). */
  readonly variables: Readonly<Record<string, number>>;
}

/** Name of the variable that holds the marker. It stands in the target `development`, so that no deployment sees it. */
export const markerVariable = 'JV_STAGING_MARKER';

/** Name of the variable that holds the lease while the database, where it is kept otherwise, goes back in time; same target. */
export const leaseVariable = 'JV_STAGING_LEASE';

/** A vendor's clock may be this far behind ours: what it says was made that much before the announcement still counts as after it. */
const clockSkewMs = 60_000;

/** Who a resource belongs to, as far as the marker tells. */
export type Ownership = 'ours' | 'announced' | 'foreign';

/**
 * Returns who a resource is: `ours` when the marker names its id, `announced` when the marker announces one of its kind and this one
 * was made since, otherwise `foreign`.
 */
export function ownershipOf(
  marker: OwnershipMarker | null,
  kind: OwnedKind,
  resource: { readonly id: string; readonly createdAtMs: number | null },
): Ownership {
  const known = marker?.resources[kind];
  if (known === undefined) return 'foreign';
  if (known.id === resource.id) return 'ours';
  const madeSince = resource.createdAtMs !== null && resource.createdAtMs >= Date.parse(known.since) - clockSkewMs;
  return known.id === null && madeSince ? 'announced' : 'foreign';
}

/** Returns the marker of an environment that is about to be made: all three resources are announced. */
export function newMarker(environment: { readonly name: string; readonly environment: string }, since: string): OwnershipMarker {
  const announced = { id: null, since, applied: {} };
  return {
    version: 1,
    name: environment.name,
    environment: environment.environment,
    resources: { 'vercel-project': announced, 'supabase-project': announced, 'upstash-database': announced },
    variables: {},
  };
}

/** Returns the marker with one more resource said. */
export function withResource(marker: OwnershipMarker, kind: OwnedKind, resource: OwnedResource): OwnershipMarker {
  return { ...marker, resources: { ...marker.resources, [kind]: resource } };
}

/** Returns true when two markers say the same. */
export function sameMarker(left: OwnershipMarker | null, right: OwnershipMarker): boolean {
  return left !== null && canonical(left) === canonical(right);
}

/** Returns a JSON text in which the order of keys is the alphabet's. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
