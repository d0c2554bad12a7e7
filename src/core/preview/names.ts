/** Most characters of a branch's own name that a preview is called by: host names and database branches are short. */
const slugLength = 24;
/** Digits of a checksum. */
const checksumLength = 8;

/**
 * Returns what a branch's preview is called by: lower-case letters, digits and hyphens. A name that had to be changed gets a checksum, so that
 * two branches never share a preview.
 */
export function previewSlug(branch: string): string {
  const plain = branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (plain === branch && plain.length <= slugLength) return plain;
  return `${plain.slice(0, slugLength).replace(/-+$/, '')}-${checksum(branch)}`.replace(/^-/, '');
}

/** Returns the name of a preview's database branch. */
export function previewDatabaseName(slug: string): string {
  return `preview-${slug}`;
}

/** Returns the slug of a database branch's name, or undefined for one that is no preview's. */
export function slugOfDatabase(name: string): string | undefined {
  return /^preview-(.+)$/.exec(name)?.[1];
}

/**
 * Returns the name of the project that a preview has to itself where there are no branches. It stands among all projects of the
 * account, so it ends in a checksum: what somebody called something like it by hand is never taken for ours.
 */
export function previewProjectName(staging: string, slug: string): string {
  return `${staging}-preview-${slug}-${checksum(`${staging} ${slug}`)}`;
}

/** Returns the slug of a project's name, or undefined for one that is no preview of this environment. */
export function slugOfProject(staging: string, name: string): string | undefined {
  const start = `${staging}-preview-`;
  const slug = name.startsWith(start) ? name.slice(start.length).replace(/-[0-9a-f]{8}$/, '') : '';
  return slug !== '' && previewProjectName(staging, slug) === name ? slug : undefined;
}

/** Returns the key prefix of a preview: beside staging's, not below it, so that nothing that empties staging's touches it. */
export function previewPrefix(stagingPrefix: string, slug: string): string {
  return `${stagingPrefix.replace(/:+$/, '')}-preview-${slug}:`;
}

/**
 * Returns what tells the keys of an environment and of its previews, which share its database, from those of anybody else. A preview's
 * settings name the environment that it belongs to.
 */
export function ownKeys({
  prefix,
  previewOf = prefix,
}: {
  readonly prefix: string;
  readonly previewOf?: string | undefined;
}): (key: string) => boolean {
  const previews = previewPrefix(previewOf, '').replace(/:$/, '');
  return (key) => {
    if (key.startsWith(prefix) || key.startsWith(previewOf)) return true;
    const slug = key.startsWith(previews) ? /^([^:]+):/.exec(key.slice(previews.length))?.[1] : undefined;
    return slug !== undefined && slug.length <= slugLength + '-'.length + checksumLength && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(slug);
  };
}

/** Returns the host name of a preview; a label of DNS has at most 63 characters. */
export function previewHostname(name: string, slug: string): string {
  return `${name.slice(0, 63 - '-preview-'.length - slug.length)}-preview-${slug}.vercel.app`;
}

/** FNV-1a of 32 bits over UTF-16 units, eight hex digits (http://www.isthe.com/chongo/tech/comp/fnv/): names, not secrets. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(checksumLength, '0');
}
