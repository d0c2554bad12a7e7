// Whether `npm ci` will take the lock files.
'use strict';

const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const parts = readdirSync(join(root, 'bin/parts'));
const files = [
  'package-lock.json',
  'bin/node24/package-lock.json',
  'bin/chrome/package-lock.json',
  ...parts.map((part) => `bin/parts/${part}/package-lock.json`),
  'test/clients/package-lock.json',
  'test/clients/next-app/package-lock.json',
];

for (const file of files) {
  const lock = JSON.parse(readFileSync(join(root, file), 'utf8'));
  const findings = missingOf(lock.packages);
  if (findings.length === 0) continue;
  process.stderr.write(`${file}:\n${findings.map((finding) => `  ${finding}\n`).join('')}`);
  process.exitCode = 1;
}

// A part has what the repository's tests run: the same packages in the same versions.
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
for (const part of parts) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'bin/parts', part, 'package.json'), 'utf8'));
  for (const [name, version] of Object.entries(dependencies)) {
    if (devDependencies[name] === version) continue;
    process.stderr.write(`bin/parts/${part} has ${name}@${version}, package.json has ${devDependencies[name]}\n`);
    process.exitCode = 1;
  }
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

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
