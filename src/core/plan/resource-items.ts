import type { ManagedResource } from '../ports/managed.ts';
import type { KnownPrice } from '../prices.ts';
import { fieldChanges, newFields } from './fields.ts';
import { type OwnedKind, type OwnershipMarker, ownershipOf } from './marker.ts';
import type { FieldChange, PlanItem } from './model.ts';
import type { WantedResource } from './wanted.ts';

/** What the item of a vendor's resource is made from. */
export interface ResourceFacts {
  readonly kind: OwnedKind;
  readonly name: string;
  readonly environment: string;
  /** The resource of that name with the vendor's id of it, or undefined while there is none. */
  readonly found: (Pick<ManagedResource<unknown>, 'createdAtMs' | 'fields'> & { readonly id: string }) | undefined;
  readonly marker: OwnershipMarker | null;
  /** True when variables that bear our fingerprints point to it: nobody without our key could have made them. */
  readonly proven: boolean;
  readonly adopt: boolean;
  readonly wanted: WantedResource;
  readonly price: KnownPrice;
}

/** Returns the item of a vendor's resource. */
export function resourceItem(facts: ResourceFacts): PlanItem {
  const { found, marker, kind } = facts;
  if (found === undefined) return missingItem(facts);
  const ownership = ownershipOf(marker, kind, { id: found.id, createdAtMs: found.createdAtMs });
  if (ownership === 'foreign' && !facts.proven && !facts.adopt) {
    return item(facts, 'blocked', [], 'exists, but bears no mark of this environment: `--adopt` takes it over, once you know whose it is');
  }
  const applied = marker?.resources[kind]?.applied ?? {};
  const changes = fieldChanges(facts.wanted.managed, found.fields, applied);
  const lasting = changes.filter((change) => facts.wanted.lasting.includes(change.field));
  if (lasting.length > 0)
    return item(facts, 'blocked', lasting, `${lasting.map((change) => change.field).join(', ')} cannot be changed in place`);
  const owner = ownership === 'ours' ? [] : [ownerChange(facts)];
  return existingItem(facts, [...owner, ...changes], ownership === 'foreign' && !facts.proven);
}

function existingItem(facts: ResourceFacts, changes: readonly FieldChange[], adopted: boolean): PlanItem {
  const outside = changes.filter((change) => change.outside).map((change) => change.field);
  if (outside.length > 0) return item(facts, 'drift', changes, `${outside.join(', ')} changed outside since the last provision`);
  if (adopted) return item(facts, 'update', changes, 'is taken over (--adopt)');
  if (changes.length === 0) return item(facts, 'unchanged', [], 'is as wished');
  return item(facts, 'update', changes, changes.every(isOwner) ? 'its mark is not complete yet' : 'the configuration says otherwise');
}

function missingItem(facts: ResourceFacts): PlanItem {
  const changes = newFields(facts.wanted.created);
  const gone = facts.marker?.resources[facts.kind]?.id ?? null;
  if (gone === null) return item(facts, 'create', changes, 'does not exist yet');
  return item(
    facts,
    'drift',
    [{ field: 'exists', actual: 'no', wanted: 'yes', outside: true }, ...changes],
    `was ${gone}, which is gone: it is made anew, and empty`,
  );
}

/** Name of the pseudo setting that says whose a resource is. */
const ownerField = 'owner';

function isOwner(change: FieldChange): boolean {
  return change.field === ownerField;
}

function ownerChange(facts: ResourceFacts): FieldChange {
  return { field: ownerField, actual: null, wanted: `${facts.name} (${facts.environment})`, outside: false };
}

function item(facts: ResourceFacts, action: PlanItem['action'], changes: readonly FieldChange[], reason: string): PlanItem {
  return {
    resource: facts.kind,
    id: facts.name,
    vendorId: facts.found?.id ?? null,
    action,
    changes,
    reason,
    needsPerson: null,
    costUsdPerMonth: facts.price.usdPerMonth,
  };
}
