// Whether package-lock.json names every platform's packages. npm leaves out what its registry does not have at that moment, and
// `npm ci` then refuses the lock file: choose a version whose packages are all there.
'use strict';

const { packages } = require('../package-lock.json');

const names = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)));
const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !names.has(name))
    .map(([name, version]) => `${path} wants ${name}@${version}`),
);

if (missing.length > 0) {
  process.stderr.write(
    `package-lock.json lacks ${missing.length} packages of other platforms, so \`npm ci\` refuses it:\n${missing.join('\n')}\n`,
  );
  process.exitCode = 1;
}
