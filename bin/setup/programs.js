// Programs that npm does not bring: git, redis-server, pgbouncer, Postgres's client, a Chrome, and k6 and actionlint for CI.
'use strict';

const { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { homedir } = require('node:os');
const { delimiter, dirname, join } = require('node:path');
const { capture, runQuietly, say, SetupError } = require('./run-quietly.js');
const { installPackages, packagesFresh } = require('./packages.js');

const sbin = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** Where a Chrome of npm's @sparticuz/chromium is unpacked to, for users who may not install Debian's. */
const chromeFolder = join(__dirname, '..', 'chrome');
const unpackedChrome = join(chromeFolder, 'node_modules', '.unpacked', 'chromium');

/** The programs of the local cloud, of deploy and of perf: where each is looked for, and who packages it. */
const programs = [
  { name: 'git', names: ['git'], places: [], debian: 'git', brew: 'git' },
  { name: 'redis-server', variable: 'JV_REDIS_SERVER', names: ['redis-server'], places: [], debian: 'redis-server', brew: 'redis' },
  { name: 'pg_dump', names: ['pg_dump'], places: ['/opt/homebrew/opt/libpq/bin/pg_dump'], debian: 'postgresql-client', brew: 'libpq' },
  { name: 'pgbouncer', names: ['pgbouncer'], places: ['/opt/homebrew/bin/pgbouncer'], debian: 'pgbouncer', brew: 'pgbouncer' },
  {
    name: 'Chromium',
    variable: 'CHROME_PATH',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'],
    places: ['/opt/google/chrome/chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', unpackedChrome],
    debian: 'chromium',
    brew: '--cask google-chrome',
  },
];

/** Programs of the tests alone, that only CI has to have: the shells that completion is for, and what checks shell scripts. */
const testPrograms = ['zsh', 'fish', 'shellcheck'].map((name) => ({ name, names: [name], places: [], debian: name, brew: name }));

/** Packages of Debian's that start a service of their own. */
const services = new Set(['redis-server', 'pgbouncer']);

/** Returns the programs that are missing for a purpose. */
function missingPrograms(purpose) {
  return [...programs, ...(purpose === 'ci' ? testPrograms : [])].filter((program) => findProgram(program) === undefined);
}

/** Installs missing programs: Debian's as root; as anybody else the Chrome of npm, and for the rest it says the command. */
async function installPrograms(missing, env) {
  for (const { variable, name } of missing) {
    const named = variable && process.env[variable];
    if (named)
      throw new SetupError(`${variable} is ${named}, which is no program that can be run.`, `Name a ${name} in ${variable}, or unset it.`);
  }
  const apt = findProgram({ names: ['apt-get'], places: [] });
  if (apt !== undefined && process.getuid() === 0) {
    await installDebian(missing, apt);
    return;
  }
  const chrome = missing.find((program) => program.name === 'Chromium');
  const others = missing.filter((program) => program !== chrome);
  if (others.length > 0)
    throw new SetupError(`There is no ${others.map(({ name }) => name).join(' and no ')} on this machine.`, installLine(missing));
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new SetupError('There is no Chrome on this machine.', installLine(missing));
  await installChromeOfNpm(env);
}

async function installDebian(missing, apt) {
  const names = missing.map(({ debian }) => debian);
  const what = missing.map(({ name }) => (name === 'Chromium' ? 'Chromium (about 400 MB)' : name)).join(', ');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', PATH: [process.env.PATH, ...sbin].join(delimiter) };
  const options = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];
  const install = [...options, 'install', '-y', '--no-install-recommends', ...names];
  const fix = `Run \`apt-get update && apt-get install -y --no-install-recommends ${names.join(' ')}\` and look at what it says.`;
  await withoutServices(async () => {
    // A fresh container has no package lists, an old one stale lists: both show when the names cannot be resolved.
    const known = await capture(apt, [...options, 'install', '--simulate', ...names], { env });
    if (known.code !== 0)
      await runQuietly({
        doing: "reading Debian's package lists",
        done: 'package lists read',
        program: apt,
        args: [...options, 'update'],
        env,
        fix,
      });
    try {
      await runQuietly({
        doing: `installing ${what} with apt-get`,
        done: `${names.join(', ')} installed`,
        program: apt,
        args: install,
        env,
        fix,
      });
    } catch (error) {
      if (known.code !== 0) throw error;
      say('that failed, perhaps because the package lists are old: once more with new ones.');
      await runQuietly({
        doing: "reading Debian's package lists",
        done: 'package lists read',
        program: apt,
        args: [...options, 'update'],
        env,
        fix,
      });
      await runQuietly({
        doing: `installing ${what} with apt-get`,
        done: `${names.join(', ')} installed`,
        program: apt,
        args: install,
        env,
        fix,
      });
    }
  });
  if (existsSync('/run/systemd/system'))
    await capture('systemctl', ['disable', '--now', ...names.filter((name) => services.has(name))], { env });
  const still = missing.filter((program) => findProgram(program) === undefined);
  if (still.length > 0)
    throw new SetupError(`apt-get ended well, but there is still no ${still.map(({ name }) => name).join(' and no ')}.`, fix);
}

/** Runs `install` while Debian is told not to start the services of new packages: jv-staging starts its own, on its own ports. */
async function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  const remove = () => rmSync(policy, { force: true });
  if (ours) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n');
    chmodSync(policy, 0o755);
    process.on('exit', remove);
  }
  try {
    await install();
  } finally {
    if (ours) {
      remove();
      process.off('exit', remove);
    }
  }
}

async function installChromeOfNpm(env) {
  if (!existsSync(join(chromeFolder, 'node_modules')) || !packagesFresh(chromeFolder)) {
    await installPackages({ folder: chromeFolder, what: 'Chromium', size: '67 MB, 209 MB unpacked', env });
  }
  const unpack = `import('@sparticuz/chromium').then(async ({ default: chromium }) => console.log(await chromium.executablePath()))`;
  const folder = dirname(unpackedChrome);
  const fix = 'Install Chrome or Chromium yourself and name it in CHROME_PATH.';
  mkdirSync(folder, { recursive: true });
  await runQuietly({
    doing: 'unpacking Chromium',
    done: `Chromium unpacked to ${unpackedChrome}`,
    program: 'node',
    args: ['-e', unpack],
    cwd: chromeFolder,
    env: { ...env, TMPDIR: folder },
    fix,
  });
  const { code, output } = await capture(unpackedChrome, ['--version', '--no-sandbox'], { env });
  if (code !== 0)
    throw new SetupError(
      `The Chromium of npm does not run here: ${output.at(-1)}`,
      'Install libnss3 and libnspr4, or Chromium itself (as root: `apt-get install -y chromium`).',
    );
}

/** Names the unpacked Chrome of npm in CHROME_PATH when it is the only one here; otherwise returns nothing to add. */
function chromeOfNpm() {
  return findProgram(programs.find(({ name }) => name === 'Chromium')) === unpackedChrome ? { CHROME_PATH: unpackedChrome } : {};
}

function installLine(missing) {
  if (process.platform === 'darwin') return `Run \`brew install ${missing.map(({ brew }) => brew).join(' ')}\`.`;
  return `Run \`sudo apt-get install -y --no-install-recommends ${missing.map(({ debian }) => debian).join(' ')}\`.`;
}

/** Programs of the tests that come as Go modules. */
const goPrograms = [
  { name: 'k6', variable: 'JV_K6', module: 'go.k6.io/k6', version: 'v1.8.1' },
  { name: 'actionlint', module: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' },
];

/** Installs with Go what there is not of k6 and actionlint. Returns the folders that they lie in. */
async function ensureGoPrograms() {
  const folders = [];
  for (const program of goPrograms) folders.push(await ensureGoProgram(program));
  return [...new Set(folders)];
}

async function ensureGoProgram({ name, variable, module, version }) {
  const goBin = process.env.GOBIN || join(process.env.GOPATH || join(homedir(), 'go'), 'bin');
  const found = findProgram({ variable, names: [name], places: [join(goBin, name)] });
  if (found !== undefined) return dirname(found);
  const go = findProgram({ names: ['go'], places: ['/usr/local/go/bin/go', '/usr/lib/go/bin/go'] });
  if (go === undefined)
    throw new SetupError(
      `There is no ${name} on this machine, and no Go to install it with.`,
      `Install ${name} or Go${variable === undefined ? '' : `, or name a ${name} in ${variable}`}.`,
    );
  await runQuietly({
    doing: `installing ${name} ${version} with Go`,
    done: `${name} ${version} installed`,
    program: go,
    args: ['install', `${module}@${version}`],
    env: { ...process.env, GOBIN: goBin },
    fix: `Run \`go install ${module}@${version}\` and look at what it says.`,
  });
  return goBin;
}

function findProgram({ variable, names, places }) {
  const named = variable === undefined ? undefined : process.env[variable];
  if (named !== undefined && named !== '') return isExecutable(named) ? named : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), '/usr/local/bin', '/usr/bin', ...sbin];
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...places].find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

module.exports = { chromeOfNpm, ensureGoPrograms, installPrograms, missingPrograms };
