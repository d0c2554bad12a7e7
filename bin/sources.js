// The sources of `dist/` as one hash: whether a build is needed is decided by content, never by file times.
'use strict';

const { createHash } = require('node:crypto');
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');

/** A hash over everything that the build reads. */
function sourceHash() {
  const hash = createHash('sha256');
  const files = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'bin/build.js',
    'bin/bundling.js',
    'bin/manifest.js',
    'bin/sample.js',
    'bin/schema.js',
    'fixtures/staging.config.ts',
    ...filesBelow('fixtures/app').filter((file) => !file.startsWith('fixtures/app/.vercel/')),
    ...filesBelow('src'),
  ];
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

/** The files below a folder of the repository, sorted, as paths from its root. */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
    .toSorted();
}

/** The hash that the build in `dist/` was made from, or undefined. */
function builtHash() {
  try {
    return readFileSync(join(root, 'dist', '.built'), 'utf8');
  } catch {
    return undefined;
  }
}

module.exports = { builtHash, filesBelow, sourceHash };
