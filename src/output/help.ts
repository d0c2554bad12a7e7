import { exitCodes } from '../core/errors.ts';
import { type ArgumentManifest, type CommandManifest, commandsBelow, type FlagManifest, type Manifest } from '../core/manifest.ts';
import { heading, type HelpStyle, paragraphs, table } from './help-layout.ts';

/** The exit codes and what each means, as help and the README show them. */
export const exitCodeMeanings: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done, or nothing to do; the end state was read back'],
  [String(exitCodes.bug), 'a bug of ours'],
  [String(exitCodes.usage), 'wrong usage or configuration'],
  [String(exitCodes.missing), 'a precondition is missing: tool, credential, permission, resource'],
  [String(exitCodes.vendor), "a vendor's API refused, failed or did not answer in time; running again resumes"],
  [String(exitCodes.red), 'red: what was to be put out or checked failed'],
  [String(exitCodes.refused), 'refused for safety'],
  [String(exitCodes.locked), 'another run holds the lock'],
  [String(exitCodes.pending), 'changes are pending'],
  [String(exitCodes.inconclusive), 'inconclusive: the measurement cannot carry a verdict'],
  [`${exitCodes.interrupted}, 143`, 'interrupted'],
];

/** What somebody runs who has never run anything of it, in this order; none needs an account. */
const firstCommands = [
  ['init --sample', 'Write a whole sample project into an empty folder.'],
  ['init', 'Or write what your own repository needs.'],
  ['doctor --target local', 'Is everything here?'],
  ['up --target local', 'Stage it on this machine.'],
] as const;

/** Returns the help of the whole tool: every command with its summary. */
export function rootHelp(manifest: Manifest, bin: string, tagline: string, style: HelpStyle): string {
  return join([
    paragraphs(tagline, 0, style),
    section('USAGE', `  $ ${bin} COMMAND [FLAGS]`, style),
    section(
      'BEGIN HERE',
      table(
        firstCommands.map(([words, what]) => [`${bin} ${words}`, what]),
        style,
      ),
      style,
    ),
    section('COMMANDS', commandTable(commandsBelow(manifest, undefined), style), style),
    section(
      'FLAGS',
      table(
        [
          ['-h, --help', 'Show help; with a command, that of the command.'],
          ['-v, --version', 'Show the version.'],
        ],
        style,
      ),
      style,
    ),
    section('EXIT CODES', table(exitCodeMeanings, style), style),
  ]);
}

/** Returns the help of a topic: the commands below it. */
export function topicHelp(manifest: Manifest, topic: string, bin: string, style: HelpStyle): string {
  const words = topic.replaceAll(':', ' ');
  return join([
    section('USAGE', `  $ ${bin} ${words} COMMAND`, style),
    section('COMMANDS', commandTable(commandsBelow(manifest, topic), style), style),
  ]);
}

/** Returns the complete help of a command: usage, arguments, flags, description, examples, exit codes. */
export function commandHelp(manifest: Manifest, command: CommandManifest, bin: string, style: HelpStyle): string {
  const name = command.id.replaceAll(':', ' ');
  const [summary, details] = summaryAndDetails(command);
  const below = commandsBelow(manifest, command.id);
  return join([
    paragraphs(summary, 0, style),
    section('USAGE', usageLines(command, `${bin} ${name}`, style), style),
    section('ARGUMENTS', table(shownArguments(command).map(argumentRow), style), style),
    ...flagSections(command, style),
    section('DESCRIPTION', paragraphs(details, 2, style), style),
    section('EXAMPLES', exampleLines(command, bin, style), style),
    section('COMMANDS', commandTable(below, style), style),
    section('EXIT CODES', table(exitCodeMeanings, style), style),
  ]);
}

/** Returns a command's flags that help shows, those with a short name first, then by name. */
export function shownFlags(command: CommandManifest): readonly FlagManifest[] {
  return Object.values(command.flags)
    .filter((flag) => flag.hidden !== true)
    .toSorted((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
}

/** Returns how a flag is written and what help says about it. */
export function flagRow(flag: FlagManifest): readonly [term: string, text: string] {
  const short = flag.char === undefined ? '    ' : `-${flag.char}, `;
  const long = flag.allowNo === true ? `--[no-]${flag.name}` : `--${flag.name}`;
  const value = flag.type === 'option' ? ` ${valueName(flag)}` : '';
  const notes = [
    ...(flag.required === true ? ['required'] : []),
    ...(flag.multiple === true ? ['can be given several times'] : []),
    ...(isShown(flag.default) ? [`default: ${shownDefault(flag.default)}`] : []),
    ...(flag.env === undefined ? [] : [`env: ${flag.env}`]),
  ];
  const text = [flag.summary ?? flag.description ?? '', notes.length === 0 ? '' : `[${notes.join('; ')}]`].filter((part) => part !== '');
  return [`${short}${long}${value}`, text.join(' ')];
}

/** Returns a command's summary, and the rest of its description. */
export function summaryAndDetails(command: CommandManifest): readonly [summary: string, details: string] {
  const [firstLine = '', ...rest] = (command.description ?? '').split('\n');
  if (command.summary !== undefined) return [command.summary, command.description ?? ''];
  return [firstLine, rest.join('\n').trim()];
}

function flagSections(command: CommandManifest, style: HelpStyle): readonly string[] {
  const groups = new Map<string, FlagManifest[]>([['', []]]);
  for (const flag of shownFlags(command)) groups.set(flag.helpGroup ?? '', [...(groups.get(flag.helpGroup ?? '') ?? []), flag]);
  return [...groups].map(([group, flags]) => section(`${group} FLAGS`.trim().toUpperCase(), table(flags.map(flagRow), style), style));
}

function usageLines(command: CommandManifest, prefix: string, style: HelpStyle): string {
  if (command.usage !== undefined)
    return [command.usage]
      .flat()
      .map((usage) => `  $ ${prefix} ${usage}`)
      .join('\n');
  const words = shownArguments(command).map((argument) =>
    argument.required === true ? argument.name.toUpperCase() : `[${argument.name.toUpperCase()}]`,
  );
  const flags = shownFlags(command).map((flag) => {
    const text = flag.type === 'option' ? `--${flag.name} ${valueName(flag)}` : `--${flag.name}`;
    return flag.required === true ? text : `[${text}]`;
  });
  return paragraphs(`$ ${prefix} ${[...words, ...flags].map((part) => part.replaceAll(' ', '\u00A0')).join(' ')}`, 2, style, 4).replaceAll(
    '\u00A0',
    ' ',
  );
}

function exampleLines(command: CommandManifest, bin: string, style: HelpStyle): string {
  const fill = (text: string) =>
    text.replaceAll(/<%= *config\.bin *%>/g, bin).replaceAll(/<%= *command\.id *%>/g, command.id.replaceAll(':', ' '));
  return (command.examples ?? [])
    .map((example) => {
      if (typeof example === 'string') return `  $ ${fill(example).replace(/^\$ /, '')}`;
      const said = example.description === undefined ? '' : `${paragraphs(fill(example.description), 2, style)}\n\n`;
      return `${said}    $ ${fill(example.command).replace(/^\$ /, '')}`;
    })
    .join('\n\n');
}

function commandTable(commands: readonly CommandManifest[], style: HelpStyle): string {
  return table(
    commands.map((command) => [command.id.replaceAll(':', ' '), summaryAndDetails(command)[0]] as const),
    style,
  );
}

function shownArguments(command: CommandManifest): readonly ArgumentManifest[] {
  return Object.values(command.args).filter((argument) => argument.hidden !== true);
}

function argumentRow(argument: ArgumentManifest): readonly [term: string, text: string] {
  const notes = argument.options === undefined ? '' : ` (${argument.options.join('|')})`;
  return [argument.name.toUpperCase(), `${argument.description ?? ''}${notes}`];
}

function valueName(flag: FlagManifest): string {
  if (flag.helpValue !== undefined) return [flag.helpValue].flat().join(' ');
  return flag.options === undefined ? 'VALUE' : flag.options.join('|');
}

function isShown(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

function shownDefault(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function sortKey(flag: FlagManifest): string {
  return `${flag.char === undefined ? '1' : '0'}${flag.name}`;
}

function section(title: string, body: string, style: HelpStyle): string {
  return body === '' ? '' : `${heading(title, style)}\n${body}`;
}

function join(sections: readonly string[]): string {
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}
