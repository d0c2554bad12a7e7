// The README's generated parts: commands, flags and exit codes, from the manifest. With --check: only compares.
'use strict';

const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const file = join(root, 'README.md');

async function main() {
  const { fillReadme, readmeParts } = await import('../dist/readme.js');
  const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8'));
  const before = readFileSync(file, 'utf8');
  const { text, missing } = fillReadme(before, readmeParts(manifest, 'jv-staging'));
  if (missing.length > 0) {
    throw new Error(`README.md lacks the markers \`<!-- NAME -->\` and \`<!-- /NAME -->\` for: ${missing.join(', ')}.`);
  }
  if (text === before) return;
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else throw new Error('README.md is not what the manifest says: run `node bin/readme.js` and commit it.');
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
