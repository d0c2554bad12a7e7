#!/usr/bin/env node
// The executable. It parses on old Nodes, so that they get an answer instead of a syntax error.
'use strict';

const { delimiter, dirname, join } = require('node:path');

const root = join(__dirname, '..');

// No variable of the environment makes a bad certificate a good one: credentials would go to whoever answers.
delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;

// A reader that has gone (`jv-staging … | head -1`) or a full disk must not end a run half way: it comes to its own exit code, and
// only a result that was lost for want of space changes that.
let isLost = false;
process.stderr.on('error', () => {});
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE' || isLost) return;
  isLost = true;
  const message = `The result could not be written to stdout: ${error.message}.`;
  process.stderr.write(
    `Error: ${message}\nfix: Free space where stdout is redirected to, and run the command again.\ncode: OUTPUT_NOT_WRITABLE\n`,
  );
  process.on('exit', () => (process.exitCode ||= 3));
});

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) runOnNode24();
else start();

function start() {
  const first = process.argv[2];
  if (first === '--version' || first === '-v') {
    const { name, version } = require('../package.json');
    process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
    return;
  }
  keepCompiledCode();
  launch().then(
    (code) => {
      if (code !== undefined) process.exitCode = code;
    },
    (error) => {
      process.stderr.write(`${error?.stack ?? error}\n`);
      process.exitCode = 1;
    },
  );
}

async function launch() {
  const { readFileSync } = require('node:fs');
  const { description } = require('../package.json');
  let manifest, main;
  try {
    manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8'));
    ({ main } = await import('../dist/cli.js'));
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write(`jv-staging is not built (${error.message.split('\n')[0]}): run \`node bin/setup.js\` in ${root}.\n`);
    return 3;
  }
  const style = { columns: process.stdout.columns || 80, color: process.stdout.isTTY === true && process.stdout.hasColors() };
  return main({ argv: process.argv.slice(2), root, manifest, description, style });
}

/** Lets V8 keep its compiled code between runs, in the user's own cache folder (nobody else may put code there). */
function keepCompiledCode() {
  if (process.env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  try {
    const { existsSync, mkdirSync } = require('node:fs');
    const { homedir } = require('node:os');
    let folder = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
    // One by one: making them all at once, as enableCompileCache would, never ends below a folder like /proc.
    for (const name of ['', 'jv-staging', 'compiled']) {
      folder = join(folder, name);
      if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    }
    require('node:module').enableCompileCache(folder);
  } catch {
    // No home, or one that cannot be written: start without the cache.
  }
}

/** Runs this same command line on the Node 24 that set-up installs into bin/node24. */
function runOnNode24() {
  const { node24 } = require('./node24.js');
  const node = node24();
  if (node === undefined) {
    // Set-up is in the repository, not in the package.
    const setUp = require('node:fs').existsSync(join(__dirname, 'setup.js')) ? `run \`node bin/setup.js\` in ${root}, or ` : '';
    process.stderr.write(`jv-staging needs Node 22.19 or newer and this is ${process.version}: ${setUp}install Node 24.\n`);
    process.exitCode = 3;
    return;
  }
  const { forward } = require('./forward.js');
  // What we run ourselves, such as the build of the app, finds the same Node first.
  const path = [dirname(node), process.env.PATH].join(delimiter);
  forward(node, [...process.execArgv, __filename, ...process.argv.slice(2)], { ...process.env, PATH: path });
}
