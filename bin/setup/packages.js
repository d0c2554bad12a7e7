// npm packages: installed from the lock file when they are not what the lock file says.
'use strict';

const { createHash } = require('node:crypto');
const { existsSync, lstatSync, readFileSync, realpathSync, writeFileSync } = require('node:fs');
const { delimiter, dirname, join } = require('node:path');
const { runQuietly, say, SetupError } = require('./run-quietly.js');

/** True when the packages of `folder` are what its lock file says: by our stamp, else by npm's own record. */
function packagesFresh(folder) {
  if (textOf(stampOf(folder)) === lockHash(folder)) return true;
  if (!matchesRecord(folder)) return false;
  writeStamp(folder);
  return true;
}

function lockHash(folder) {
  const lock = readFileSync(join(folder, 'package-lock.json'));
  return createHash('sha256').update(`${process.platform}-${process.arch}\0`).update(lock).digest('hex');
}

function stampOf(folder) {
  return join(folder, 'node_modules', '.jv-setup');
}

function writeStamp(folder) {
  try {
    writeFileSync(stampOf(folder), lockHash(folder));
  } catch {
    // Somebody else's node_modules: it is compared again next time.
  }
}

/** Installs the packages of `folder` with `npm ci`. */
async function installPackages({ folder, what, size, env }) {
  const modules = join(folder, 'node_modules');
  if (existsSync(modules) && lstatSync(modules).isSymbolicLink()) {
    say(`${modules} is a link to ${realpathSync(modules)} and not what package-lock.json says; it is left alone.`);
    return;
  }
  await runQuietly({
    doing: `installing ${what} (about ${size}) with npm`,
    done: `${what} installed`,
    // npm on the Node that it came with: proxies and certificates are set up for that one. Install scripts take Node from PATH.
    program: process.execPath,
    // NODE_ENV=production would leave out what the build needs.
    args: [npmProgram(env.PATH), 'ci', '--no-audit', '--no-fund', '--include=dev', '--include=optional', '--engine-strict=false'],
    cwd: folder,
    env: withoutNpmRun(env),
    fix: `Run \`npm ci\` in ${folder} and look at what it says (a proxy or registry is set in ~/.npmrc).`,
  });
  writeStamp(folder);
}

/** npm's program as a script for Node: the one that runs us, else the one beside our Node, else the first on PATH. */
function npmProgram(path) {
  const beside = dirname(realpathSync(process.execPath));
  const npm = firstOnPath('npm', [dirname(process.execPath), path].join(delimiter));
  const candidates = [
    process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined,
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    npm === undefined ? undefined : realpathSync(npm),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ];
  const found = candidates.find((candidate) => candidate !== undefined && candidate.endsWith('.js') && existsSync(candidate));
  if (found === undefined)
    throw new SetupError(`There is no npm beside ${process.execPath} or on PATH.`, 'Install npm (Debian: `apt-get install npm`).');
  return found;
}

/** The environment without what an outer `npm run` says about its own package: the user's npm settings stay. */
function withoutNpmRun(env) {
  const ofRun = /^npm_(?:package_|lifecycle_|command$|config_(?:local|global)_prefix$|config_prefix$|execpath$|node_execpath$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ofRun.test(name)));
}

/** Returns the first executable of this name on a PATH, or undefined. */
function firstOnPath(name, path) {
  return (path ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

/** True when npm's record of what it installed has every package of the lock file in its version; optional ones may be missing. */
function matchesRecord(folder) {
  const recordText = textOf(join(folder, 'node_modules', '.package-lock.json'));
  if (recordText === undefined) return false;
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const installed = JSON.parse(recordText).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? wanted.optional === true : found.version === wanted.version;
  });
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

module.exports = { firstOnPath, installPackages, packagesFresh };
