// Runs a program in our place: same streams, same signals, same exit code.
'use strict';

const { spawn } = require('node:child_process');
const { constants } = require('node:os');

/** Runs `program` with our stdin, stdout and stderr, passes signals on, and ends as it ends. */
function forward(program, args, env) {
  const child = spawn(program, args, { env, stdio: 'inherit' });
  // Ctrl-C reaches the child by itself (same terminal); a second copy would interrupt its tidying up. `kill` reaches only us.
  const passOn = (signal) => {
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) process.on(signal, passOn);
  child.on('error', (error) => {
    process.stderr.write(`${program} cannot be run: ${error.message}\n`);
    process.exit(error.code === 'ENOENT' || error.code === 'EACCES' ? 3 : 1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + (constants.signals[signal] ?? 0));
  });
}

module.exports = { forward };
