/**
 * Packages that are too heavy to come with the tool, and that most commands do not need: `browser` (Lighthouse and what drives
 * Chrome), `local` (the local cloud) and `volume` (names for large seeds).
 */
export type PartName = 'browser' | 'local' | 'volume';

/** What `doctor --install` installs: parts, and k6. */
export const installables = ['k6', 'local', 'browser', 'volume'] as const;

/** One of them. */
export type Installable = (typeof installables)[number];

/** How a part is made usable. */
export interface PartUse {
  readonly signal: AbortSignal;
  /** Told before something is installed. */
  readonly note?: ((text: string) => void) | undefined;
}

/** The tool's parts: each is installed when it is first used, once for all environments of a user. */
export interface Parts {
  /** Says whether a part can be used without being installed first. */
  isThere(name: PartName): boolean;
  /** Returns where a part lies, or would be installed. */
  folder(name: PartName): string;
  /**
   * Makes a part's packages importable in this process, after installing them when they are not there. Returns the arguments by
   * which a Node program of ours can import them too. Throws `PART_NOT_INSTALLED` (kind `missing`).
   */
  use(name: PartName, use: PartUse): Promise<readonly string[]>;
}
