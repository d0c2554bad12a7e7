/** A flag as completion needs it. */
export interface CompletedFlag {
  readonly name: string;
  /** True: a value follows. */
  readonly takesValue: boolean;
  /** Values that are offered; empty: a file, or anything. */
  readonly values: readonly string[];
  readonly summary: string;
}

/** A command as completion needs it. */
export interface CompletedCommand {
  /** Words joined by colons: `local:start`. */
  readonly id: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** Values of its argument, if it takes one of a few. */
  readonly values: readonly string[];
}

/** What may come at one place of a command line. */
export interface Place {
  /** The words before, joined by spaces; empty right after the program's name. */
  readonly words: string;
  /** Words that may follow, each with what it is for. */
  readonly next: readonly (readonly [word: string, summary: string])[];
  readonly flags: readonly CompletedFlag[];
}

/** Returns every place of a command line where something is known to follow, sorted. */
export function placesOf(commands: readonly CompletedCommand[]): readonly Place[] {
  const ids = new Set(commands.flatMap(({ id }) => ['', ...prefixesOf(id)]));
  return [...ids].toSorted().map((id) => {
    const own = commands.find((command) => command.id === id);
    return { words: id.replaceAll(':', ' '), next: [...wordsBelow(commands, id), ...argumentsOf(own)], flags: own?.flags ?? [] };
  });
}

function prefixesOf(id: string): readonly string[] {
  const words = id.split(':');
  return words.map((_, index) => words.slice(0, index + 1).join(':'));
}

function wordsBelow(commands: readonly CompletedCommand[], id: string): Place['next'] {
  const start = id === '' ? '' : `${id}:`;
  const words = commands
    .filter((command) => command.id.startsWith(start))
    .map((command) => command.id.slice(start.length).split(':')[0] ?? '');
  return [...new Set(words)]
    .filter((word) => word !== '')
    .toSorted()
    .map((word) => [word, commands.find((command) => command.id === `${start}${word}`)?.summary ?? `Commands of ${word}.`] as const);
}

function argumentsOf(command: CompletedCommand | undefined): Place['next'] {
  return (command?.values ?? []).map((value) => [value, 'Value of the argument.'] as const);
}
