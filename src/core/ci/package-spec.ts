/** What kind of thing the workflow installs this tool from. */
export type PackageKind = 'file' | 'git' | 'registry' | 'tarball';

/** Returns what kind of package a spec names, as npm reads it (docs.npmjs.com/cli/v11/using-npm/package-spec, read 2026-11-22). */
export function packageKind(spec: string): PackageKind {
  if (/^(?:\.|\/|file:)/.test(spec) || (/\.(?:tgz|tar\.gz|tar)$/.test(spec) && !/^https?:/.test(spec))) return 'file';
  if (/^(?:git\+|git:|github:|gitlab:|bitbucket:)/.test(spec) || /^[\w.-]+\/[\w.-]+(?:#.*)?$/.test(spec)) return 'git';
  if (/^https?:\/\//.test(spec)) return /\.git(?:#.*)?$/.test(spec) ? 'git' : 'tarball';
  return 'registry';
}

/** Returns why a spec would not install the same thing tomorrow, or undefined when it does, or when only asking can tell. */
export function unpinned(spec: string): string | undefined {
  if (packageKind(spec) !== 'git' || /#[0-9a-f]{40}$/.test(spec)) return undefined;
  return 'a git spec must end with `#` and the 40 digits of a commit: branches and tags move';
}
