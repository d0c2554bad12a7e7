import { hostname, userInfo } from 'node:os';

/** Returns who runs this: the CI job's own name for its actor if there is one, else `user@host`. */
export function actorName(ciActor: string | undefined): string {
  if (ciActor !== undefined) return `${ciActor}@ci`;
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
