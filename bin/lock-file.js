// Whether `npm ci` will take the lock files, and quickly. With --write: adds the packages' addresses where npm left them out.
'use strict';

const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const files = ['package-lock.json', 'bin/node24/package-lock.json', 'bin/chrome/package-lock.json'];
const write = process.argv.includes('--write');

for (const file of files) {
  const lock = JSON.parse(readFileSync(join(root, file), 'utf8'));
  const findings = [...missingOf(lock.packages)];
  if (write) addAddresses(lock.packages);
  else findings.push(...withoutAddress(lock.packages));
  if (write) writeFileSync(join(root, file), `${JSON.stringify(lock, null, 2)}\n`);
  if (findings.length === 0) continue;
  process.stderr.write(`${file}:\n${findings.map((finding) => `  ${finding}\n`).join('')}`);
  process.exitCode = 1;
}

/** npm leaves out packages of other platforms that its registry does not have yet; `npm ci` then refuses the lock file. */
function missingOf(packages) {
  const names = new Set(Object.keys(packages).map(nameOf));
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !names.has(name))
      .map(
        ([name, version]) => `${path} wants ${name}@${version}, which is missing: choose a version whose packages are all in the registry`,
      ),
  );
}

/** Without an address npm asks the registry about each package first. */
function withoutAddress(packages) {
  const count = Object.entries(packages).filter(([path, { resolved, link }]) => path !== '' && !link && resolved === undefined).length;
  return count === 0 ? [] : [`${count} packages have no address: run \`node bin/lock-file.js --write\``];
}

function addAddresses(packages) {
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '' || entry.link || entry.resolved !== undefined) continue;
    const { version, ...rest } = entry;
    const name = entry.name ?? nameOf(path);
    const resolved = `https://registry.npmjs.org/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
    packages[path] = { version, resolved, ...rest };
  }
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
