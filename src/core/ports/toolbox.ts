/** A program or module that the tool uses, as found on this machine. */
export interface ToolState {
  /** Stable id, kebab-case. */
  readonly id: string;
  readonly title: string;
  /** What it is needed for. */
  readonly purpose: string;
  /** False when something else steps in, or when only a part of the tool needs it. */
  readonly required: boolean;
  /** Where it was found and its version (null when it does not tell), or undefined when it is missing or too old. */
  readonly found: { readonly path: string; readonly version: string | null } | undefined;
  /** What was seen instead, when not found. */
  readonly seen: string;
  /** What mends it. */
  readonly fix: string;
}

/** Looks for programs on this machine. */
export interface Toolbox {
  look(signal: AbortSignal): Promise<readonly ToolState[]>;
}
