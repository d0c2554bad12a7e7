/** A flag as `oclif.manifest.json` describes it. */
export interface FlagManifest {
  readonly name: string;
  readonly type: 'boolean' | 'option';
  readonly char?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly helpValue?: string | readonly string[];
  readonly helpGroup?: string;
  readonly options?: readonly string[];
  readonly default?: unknown;
  readonly env?: string;
  readonly hidden?: boolean;
  readonly required?: boolean;
  readonly multiple?: boolean;
  readonly allowNo?: boolean;
}

/** A positional argument as the manifest describes it. */
export interface ArgumentManifest {
  readonly name: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly options?: readonly string[];
  readonly default?: unknown;
  readonly hidden?: boolean;
}

/** A command's example: a command line, or one with a sentence that says what it does. */
export type ExampleManifest = string | { readonly description?: string; readonly command: string };

/** A command as the manifest describes it. */
export interface CommandManifest {
  /** Words joined by colons: `local:start`. */
  readonly id: string;
  readonly summary?: string;
  readonly description?: string;
  readonly usage?: string | readonly string[];
  readonly examples?: readonly ExampleManifest[];
  readonly flags: Readonly<Record<string, FlagManifest>>;
  readonly args: Readonly<Record<string, ArgumentManifest>>;
  readonly hidden?: boolean;
}

/** The part of `oclif.manifest.json` that help and dispatch read. It is ours: made by the build, checked for freshness in CI. */
export interface Manifest {
  readonly version: string;
  readonly commands: Readonly<Record<string, CommandManifest>>;
}

/** What the words of a command line mean. */
export type Route =
  | { readonly kind: 'root' }
  | { readonly kind: 'command'; readonly command: CommandManifest; readonly rest: readonly string[] }
  | { readonly kind: 'topic'; readonly topic: string }
  | { readonly kind: 'unknown'; readonly words: string };

/**
 * Returns the command that the leading words of `argv` name (the longest match), or the topic, or that there is none. Words end
 * at the first flag.
 */
export function routeOf(manifest: Manifest, argv: readonly string[]): Route {
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const words = firstFlag === -1 ? argv : argv.slice(0, firstFlag);
  if (words.length === 0) return { kind: 'root' };
  for (let length = words.length; length > 0; length -= 1) {
    const id = words.slice(0, length).join(':');
    const command = Object.hasOwn(manifest.commands, id) ? manifest.commands[id] : undefined;
    if (command !== undefined && (length === words.length || takesWords(manifest, command))) {
      return { kind: 'command', command, rest: argv.slice(length) };
    }
    if (length === words.length && commandsBelow(manifest, id).length > 0) return { kind: 'topic', topic: id };
  }
  return { kind: 'unknown', words: words.join(' ') };
}

/** Returns the commands below a topic (below none: all of them), by id, without hidden ones. */
export function commandsBelow(manifest: Manifest, topic: string | undefined): readonly CommandManifest[] {
  return Object.values(manifest.commands)
    .filter((command) => command.hidden !== true && (topic === undefined || command.id.startsWith(`${topic}:`)))
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

/** A word after the command's name is its argument, unless the name is a topic too and the word would be a command of it. */
function takesWords(manifest: Manifest, command: CommandManifest): boolean {
  return Object.keys(command.args).length > 0 || commandsBelow(manifest, command.id).length === 0;
}
