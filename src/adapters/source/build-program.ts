import { dirname, join, resolve } from 'node:path';
import { buildProgram, buildProgramFix } from '../../core/build/program.ts';
import type { ToolState } from '../../core/ports/toolbox.ts';
import { findProgram } from '../system/toolbox.ts';

/** Where a build looks for its program. */
export interface BuildPlace {
  readonly command: readonly string[];
  /** Folder of the app, absolute. */
  readonly dir: string;
  /** Folders of PATH. */
  readonly path: readonly string[];
}

/** Says whether the program of a build is there: in the packages of the app or above it, or on PATH, where `npx` does not look. It is not run. */
export function buildProgramState({ command, dir, path }: BuildPlace): ToolState | undefined {
  const program = buildProgram(command);
  if (program === undefined) return undefined;
  const { name, byNpx } = program;
  const folders = [...packagePrograms(dir), ...(byNpx ? [] : path)];
  const found = name.includes('/') ? findProgram([resolve(dir, name)], ['']) : findProgram([name], folders);
  return {
    id: 'build',
    title: `Build: ${name}`,
    purpose: `\`app.build\` starts it${byNpx ? '; npx gets it from the registry each time, at whatever version, where the app lacks it' : ''}`,
    required: !byNpx,
    found: found === undefined ? undefined : { path: found, version: null },
    seen: byNpx ? 'not among the app’s packages' : 'neither among the app’s packages nor on PATH',
    fix: byNpx ? `Run \`npm install --save-dev ${name}\` in the app’s folder.` : buildProgramFix(name),
  };
}

/** The folders with the programs of packages, from a folder upward. */
function packagePrograms(dir: string): readonly string[] {
  const parent = dirname(dir);
  return [join(dir, 'node_modules/.bin'), ...(parent === dir ? [] : packagePrograms(parent))];
}
