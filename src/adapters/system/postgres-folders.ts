import { readdirSync } from 'node:fs';

/** Where Debian puts the programs of each version. */
const debianRoot = '/usr/lib/postgresql';

/** Returns the folders that hold Postgres's client programs, those of the newest version first. */
export function postgresFolders(path: readonly string[], postgresBin: string | undefined): readonly string[] {
  return [...(postgresBin === undefined ? [] : [postgresBin]), ...debianFolders(), ...path, '/opt/homebrew/opt/libpq/bin'];
}

function debianFolders(): readonly string[] {
  try {
    return readdirSync(debianRoot)
      .toSorted((left, right) => Number(right) - Number(left))
      .map((version) => `${debianRoot}/${version}/bin`);
  } catch {
    return [];
  }
}
