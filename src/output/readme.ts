import { type CommandManifest, commandsBelow, type FlagManifest, type Manifest } from '../core/manifest.ts';
import { exitCodeMeanings, flagRow, shownFlags, summaryAndDetails } from './help.ts';

/** Returns the README's generated parts, by the name of the markers that they stand between. */
export function readmeParts(manifest: Manifest, bin: string): Readonly<Record<string, string>> {
  const commands = commandsBelow(manifest, undefined);
  const shared = sharedFlagNames(commands);
  return {
    commands: commandsPart(commands, shared, bin),
    'exit-codes': tableOf(['Code', 'Meaning'], exitCodeMeanings),
  };
}

/**
 * Returns `text` with each part put between its markers (`<!-- name -->` and `<!-- /name -->`), and the names whose markers are
 * missing.
 */
export function fillReadme(
  text: string,
  parts: Readonly<Record<string, string>>,
): { readonly text: string; readonly missing: readonly string[] } {
  let filled = text;
  const missing: string[] = [];
  for (const [name, part] of Object.entries(parts)) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [filled.indexOf(open), filled.indexOf(close)];
    if (start === -1 || end < start) missing.push(name);
    else filled = `${filled.slice(0, start + open.length)}\n${part}\n${filled.slice(end)}`;
  }
  return { text: filled, missing };
}

function commandsPart(commands: readonly CommandManifest[], shared: ReadonlySet<string>, bin: string): string {
  const rows = commands.map((command) => [`\`${bin} ${words(command)}\``, summaryAndDetails(command)[0]] as const);
  const [first] = commands;
  const sharedFlags = first === undefined ? [] : shownFlags(first).filter((flag) => shared.has(flag.name));
  const own = commands.map((command) => [words(command), shownFlags(command).filter((flag) => !shared.has(flag.name))] as const);
  return [
    tableOf(['Command', 'What it does'], rows),
    ...(sharedFlags.length === 0 ? [] : ['Flags of every command:', flagTable(sharedFlags)]),
    ...own.filter(([, flags]) => flags.length > 0).flatMap(([name, flags]) => [`Flags of \`${name}\`:`, flagTable(flags)]),
  ].join('\n\n');
}

/** A flag is shared when every command has it and says the same of it. */
function sharedFlagNames(commands: readonly CommandManifest[]): ReadonlySet<string> {
  const [first, ...others] = commands;
  if (first === undefined || others.length === 0) return new Set();
  const same = (flag: FlagManifest, command: CommandManifest) => {
    const twin = command.flags[flag.name];
    return twin !== undefined && flagRow(twin).join() === flagRow(flag).join();
  };
  return new Set(
    shownFlags(first)
      .filter((flag) => others.every((command) => same(flag, command)))
      .map((flag) => flag.name),
  );
}

function flagTable(flags: readonly FlagManifest[]): string {
  return tableOf(
    ['Flag', 'Meaning'],
    flags.map(flagRow).map(([term, text]) => [`\`${term.trim()}\``, text] as const),
  );
}

function tableOf(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  const line = ([left, right]: readonly [string, string]) => `| ${cell(left)} | ${cell(right)} |`;
  return [line(head), '| --- | --- |', ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function words(command: CommandManifest): string {
  return command.id.replaceAll(':', ' ');
}
