// Runs a long program with one line before and one after; what it prints is shown only when it fails.
'use strict';

const { spawn } = require('node:child_process');

/** Of a long output both ends are shown: npm says what is wrong first, apt-get last. */
const shownLines = { first: 12, last: 28 };
const reminderMs = 30_000;

/** A step of set-up failed; `fix` is what the user can do. Ends set-up with exit code 3: a precondition is missing. */
class SetupError extends Error {
  constructor(message, fix) {
    super(message);
    this.fix = fix;
  }
}

/** Writes a line about set-up, on stderr: stdout belongs to the command that follows. */
function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/** Runs `program`; `doing` and `done` are what the lines say. Throws a SetupError with the last lines that it printed. */
async function runQuietly({ doing, done, program, args, cwd, env, fix }) {
  const startedMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedMs) / 1000);
  say(`${doing} …`);
  const reminder = setInterval(() => say(`still ${doing} (${seconds()} s) …`), reminderMs);
  try {
    const { code, output } = await capture(program, args, { cwd, env });
    if (code !== 0) {
      process.stderr.write(`${bothEnds(output).join('\n')}\n`);
      throw new SetupError(`\`${[program, ...args].join(' ')}\` ended with ${code}; what it said stands above.`, fix);
    }
    say(`${done} (${seconds()} s).`);
  } finally {
    clearInterval(reminder);
  }
}

function bothEnds(lines) {
  const { first, last } = shownLines;
  return lines.length <= first + last ? lines : [...lines.slice(0, first), '  …', ...lines.slice(-last)];
}

/** Runs a program to its end; returns its exit code (or what kept it from running) and the lines that it printed. */
function capture(program, args, { cwd, env }) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stoppedBy;
    const stop = (signal) => {
      stoppedBy = signal;
      child.kill(signal);
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    const end = (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve({ code, output: Buffer.concat(chunks).toString('utf8').trimEnd().split('\n') });
    };
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => {
      if (stoppedBy !== undefined) process.exit(stoppedBy === 'SIGINT' ? 130 : 143);
      end(code ?? signal);
    });
  });
}

module.exports = { capture, runQuietly, say, SetupError };
