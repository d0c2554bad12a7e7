import type { CatalogSnapshot } from '../catalog/catalog.ts';

/** What of a database is read. */
export interface CatalogSelection {
  /** Schemas whose objects are listed; all that are not the platform's when undefined. */
  readonly schemas?: readonly string[] | undefined;
}

/** A database's own catalog, over a connection that cannot write. Throws `DATABASE_…` (kind `vendor`) errors. */
export interface CatalogReader {
  /** Reads everything that migrations can make, as of one moment; the platform's own objects are left out. */
  read(selection: CatalogSelection, signal: AbortSignal): Promise<CatalogSnapshot>;
  close(): Promise<void>;
}
