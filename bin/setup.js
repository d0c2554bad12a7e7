// Set-up: brings what a fresh clone needs, then runs a command with it. Nothing to do the second time.
//   node bin/setup.js [--for start|test|ci] [-- command args…]
'use strict';

const { delimiter, dirname, join } = require('node:path');

const root = join(__dirname, '..');
const purposes = ['start', 'test', 'ci'];
const usage = 'usage: node bin/setup.js [--for start|test|ci] [-- command args…]';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20)
  end(`this is Node ${process.version}, and set-up needs Node 20 or newer with npm.`, 'Install Node 24 (https://nodejs.org).', 3);
else void main(process.argv.slice(2));

async function main(argv) {
  const dashes = argv.indexOf('--');
  const options = dashes === -1 ? argv : argv.slice(0, dashes);
  const command = dashes === -1 ? [] : argv.slice(dashes + 1);
  const purpose = options[0] === '--for' && options.length === 2 && purposes.includes(options[1]) ? options[1] : undefined;
  if (options.length > 0 && purpose === undefined) {
    process.stderr.write(`set-up does not know \`${options.join(' ')}\`.\n${usage}\n`);
    process.exitCode = 2;
    return;
  }
  try {
    const env = await setUp(purpose);
    if (command.length > 0) require('./forward.js').forward(command[0], command.slice(1), env);
  } catch (error) {
    const { SetupError } = require('./setup/run-quietly.js');
    if (!(error instanceof SetupError)) throw error;
    end(error.message, error.fix, 3);
  }
}

/** Does what is not done yet; returns the command's environment, in which our Node and our packages' programs come first. */
async function setUp(purpose) {
  const todo = () => openSteps(purpose);
  if (todo().length > 0) {
    await require('./setup/lock.js').locked(async () => {
      for (const step of todo()) await step();
    });
  }
  const { chromeOfNpm, ensureGoPrograms } = require('./setup/programs.js');
  const goFolders = purpose === 'ci' ? await ensureGoPrograms() : [];
  const path = [nodeFolder(), join(root, 'node_modules', '.bin'), process.env.PATH, ...goFolders].join(delimiter);
  return { ...process.env, ...(purpose === undefined ? {} : chromeOfNpm()), PATH: path };
}

/** Returns the steps that are not done, in order. Looks at a few files only. */
function openSteps(purpose) {
  const { node24Package, node24 } = require('./node24.js');
  const { packagesFresh, installPackages } = require('./setup/packages.js');
  const steps = [];
  // First: where they cannot be installed, nobody should wait for the packages only to read that.
  if (purpose !== undefined) {
    const { installPrograms, missingPrograms } = require('./setup/programs.js');
    const missing = missingPrograms(purpose);
    if (missing.length > 0) steps.push(() => installPrograms(missing, ownEnv()));
  }
  const node24Folder = join(root, 'bin', 'node24');
  if (isOldNode() && (node24() === undefined || !packagesFresh(node24Folder))) {
    if (node24Package() === undefined) {
      const { SetupError } = require('./setup/run-quietly.js');
      throw new SetupError(
        `This is Node ${process.version}; npm has no Node 24 for ${process.platform}-${process.arch}.`,
        'Install Node 24 (https://nodejs.org).',
      );
    }
    steps.push(() => installPackages({ folder: node24Folder, what: 'Node 24', size: '190 MB', env: process.env }));
  }
  if (!packagesFresh(root))
    steps.push(() => installPackages({ folder: root, what: "jv-staging's packages", size: '570 MB', env: ownEnv() }));
  if (purpose === 'test' || purpose === 'ci') {
    const clients = join(root, 'test', 'clients');
    for (const { folder, what, size } of [
      { folder: clients, what: "the vendors' own clients, for the tests", size: '570 MB' },
      { folder: join(clients, 'next-app'), what: 'Next.js, for the tests', size: '340 MB' },
    ]) {
      if (!packagesFresh(folder)) steps.push(() => installPackages({ folder, what, size, env: ownEnv() }));
    }
  }
  const { builtHash, sourceHash } = require('./sources.js');
  if (builtHash() !== sourceHash()) steps.push(() => buildDist(ownEnv()));
  return steps;
}

/** The environment in which our Node comes first. */
function ownEnv() {
  return { ...process.env, PATH: [nodeFolder(), process.env.PATH].join(delimiter) };
}

async function buildDist(env) {
  const { capture, SetupError } = require('./setup/run-quietly.js');
  const { code, output } = await capture(join(nodeFolder(), 'node'), [join(__dirname, 'build.js')], { cwd: root, env });
  process.stderr.write(`${output.map((line) => `set-up: ${line}`).join('\n')}\n`);
  if (code !== 0) throw new SetupError('dist/ could not be built; what is wrong stands above.', 'Correct it and run this again.');
}

function isOldNode() {
  return major < 22 || (major === 22 && minor < 19);
}

/** The folder of the Node that everything runs on. */
function nodeFolder() {
  const own = isOldNode() ? require('./node24.js').node24() : undefined;
  return dirname(own ?? process.execPath);
}

function end(message, fix, code) {
  process.stderr.write(`set-up: ${message}\nset-up: ${fix}\n`);
  process.exitCode = code;
}
