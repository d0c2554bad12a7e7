import { spawn } from 'node:child_process';
import { join } from 'node:path';

const bin = join(import.meta.dirname, '../../bin/run.js');

/** What a person answers: the answer follows once its question stands on the screen. */
export interface Reply {
  readonly question: RegExp;
  readonly answer: string;
}

/** How a run in a terminal ended, and all that stood on it. */
export interface Shown {
  readonly code: number | null;
  readonly screen: string;
  /** Questions that were asked, in order. */
  readonly asked: readonly string[];
}

/**
 * Runs the built tool in a terminal of its own (`script` of util-linux, which Debian always has, gives it one) and answers as a person
 * would: each reply once, to the first question of its kind. A question without a reply ends the run by Ctrl-D.
 */
export async function runInTerminal(args: readonly string[], cwd: string, replies: readonly Reply[]): Promise<Shown> {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:JV_|CI$|GITHUB_)/.test(name));
  const command = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', `stty -echo cols 200; ${command}`, '/dev/null'], {
    cwd,
    env: { ...Object.fromEntries(own), TERM: 'xterm', NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const open = [...replies];
  const asked: string[] = [];
  let screen = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    // A question is a last line that waits: it ends with a colon or a closing bracket and no line feed.
    const line = plain(screen.slice(seen)).split('\n').at(-1) ?? '';
    if (!/(?:: |\) )$/.test(line)) return;
    seen = screen.length;
    asked.push(line.trim());
    const at = open.findIndex(({ question }) => question.test(line));
    const [reply] = at === -1 ? [] : open.splice(at, 1);
    child.stdin.write(reply === undefined ? '\u0004' : `${reply.answer}\r`);
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { code, screen: plain(screen), asked };
}

/** Without what moves the cursor. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- escape sequences are what is taken out
  return text.replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}
