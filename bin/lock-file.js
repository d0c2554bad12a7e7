// Whether `npm ci` will take the lock files.
'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const files = [
  'package-lock.json',
  'bin/node24/package-lock.json',
  'bin/chrome/package-lock.json',
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
