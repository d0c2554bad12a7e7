import { exitCodes } from './core/errors.ts';
import { commandsBelow, type Manifest, type Route, routeOf } from './core/manifest.ts';
import { nearestWord } from './core/nearest.ts';
import { commandHelp, rootHelp, topicHelp } from './output/help.ts';
import type { HelpStyle } from './output/help-layout.ts';

/** What the launcher (`bin/run.js`) knows when it calls the tool. */
export interface Launch {
  /** The words after the program's name. */
  readonly argv: readonly string[];
  /** Folder of the tool's own `package.json` and manifest. */
  readonly root: string;
  readonly manifest: Manifest;
  readonly description: string;
  readonly style: HelpStyle;
}

const bin = 'jv-staging';

/**
 * Runs a command line: help is answered from the manifest, before oclif is loaded; a command that does not exist is refused
 * with the nearest name; everything else goes to oclif. Returns the exit code, or undefined when the command has set it.
 */
export async function main(launch: Launch): Promise<number | undefined> {
  const { argv, manifest } = launch;
  const asksForHelp = argv[0] === 'help' || beforeDashes(argv).some((word) => word === '--help' || word === '-h');
  const words = argv[0] === 'help' ? argv.slice(1) : argv;
  const route = routeOf(manifest, words);
  if (route.kind === 'unknown') return await refuse(route.words, launch);
  if (asksForHelp || route.kind === 'root' || route.kind === 'topic') {
    if (route.kind === 'root' && !asksForHelp && words.length > 0) return await refuse(words[0] ?? '', launch);
    process.stdout.write(helpFor(route, launch));
    return 0;
  }
  const runCommand = await loadRunCommand();
  return runCommand(route.command.id, route.rest, launch.root);
}

/** Loads oclif without the listener that it puts on stdout, which throws on a full disk: the launcher has one that says so. */
async function loadRunCommand() {
  const listeners = new Set(process.stdout.listeners('error'));
  const { runCommand } = await import('./run-command.ts');
  const added = process.stdout.listeners('error').filter((listener) => !listeners.has(listener));
  for (const listener of added) Reflect.apply(process.stdout.off, process.stdout, ['error', listener]);
  return runCommand;
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf('--');
  return dashes === -1 ? argv : argv.slice(0, dashes);
}

function helpFor(route: Exclude<Route, { kind: 'unknown' }>, launch: Launch): string {
  const { manifest, style } = launch;
  switch (route.kind) {
    case 'root':
      return rootHelp(manifest, bin, launch.description, style);
    case 'topic':
      return topicHelp(manifest, route.topic, bin, style);
    case 'command':
      return commandHelp(manifest, route.command, bin, style);
  }
}

async function refuse(words: string, launch: Launch): Promise<number> {
  const names = commandsBelow(launch.manifest, undefined).map((command) => command.id.replaceAll(':', ' '));
  const near = nearestWord(words, names) ?? nearestWord(words.split(' ')[0] ?? '', names);
  const isFlag = words.startsWith('-');
  const code = isFlag ? 'FLAG_UNKNOWN' : 'COMMAND_UNKNOWN';
  const message = isFlag ? `${bin} has no flag ${words} without a command.` : `${bin} has no command \`${words}\`.`;
  const fix =
    near === undefined
      ? `Run \`${bin} --help\` to see the commands.`
      : `Did you mean \`${bin} ${near}\`? Run it, or \`${bin} --help\` to see the commands.`;
  if (launch.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ ok: false, command: isFlag ? null : words, error: { code, message, fix } })}\n`);
  } else {
    const { renderErrorText } = await import('./output/human.ts');
    const view = { columns: launch.style.columns, color: process.stderr.isTTY && process.stderr.hasColors() ? 1 : 0 } as const;
    process.stderr.write(renderErrorText({ code, message, fix }, exitCodes.usage, view));
  }
  return exitCodes.usage;
}
