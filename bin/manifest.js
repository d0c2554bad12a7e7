// oclif.manifest.json: what the commands are, read from the built commands themselves. With --check: only compares.
'use strict';

const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const file = join(root, 'oclif.manifest.json');

/** The text of the manifest for the commands that were built into `dist`. */
async function manifestText(dist = join(root, 'dist')) {
  const { Plugin, settings } = require('@oclif/core');
  settings.enableAutoTranspile = false;
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  pjson.oclif.commands = { ...pjson.oclif.commands, target: join(dist, 'commands') };
  const options = {
    root,
    pjson,
    isRoot: true,
    type: 'core',
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  };
  const plugin = new Plugin(options);
  await plugin.load();
  const { commands, version } = plugin.manifest;
  const sorted = Object.keys(commands)
    .toSorted()
    .map((id) => [id, { ...commands[id], relativePath: ['dist', 'commands', ...fileWords(id)] }]);
  return `${JSON.stringify({ commands: Object.fromEntries(sorted), version }, null, 2)}\n`;
}

function fileWords(id) {
  const words = id.split(':');
  return [...words.slice(0, -1), `${words.at(-1)}.js`];
}

/** Writes the manifest when it differs. */
function writeManifest(text) {
  if (committed() !== text) writeFileSync(file, text);
}

function committed() {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

module.exports = { manifestText, writeManifest };

if (require.main === module) {
  void manifestText().then((text) => {
    if (text === committed()) return;
    process.stderr.write(`oclif.manifest.json is not what the commands say: run \`node bin/build.js\` and commit it.\n`);
    process.exitCode = 1;
  });
}
