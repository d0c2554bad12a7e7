// schema/: the JSON Schema of the configuration, for editors, read from the built schema itself. Alone: only compares.
'use strict';

const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');

const root = join(__dirname, '..');
const file = join(root, 'schema', 'staging.config.schema.json');

/** The text of the schema that was built into `dist`. */
async function schemaText(dist = join(root, 'dist')) {
  const { configJsonSchema } = await import(pathToFileURL(join(dist, 'schema.js')).href);
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

/** Writes the schema when it differs. */
function writeSchema(text) {
  if (committed() === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function committed() {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

module.exports = { schemaText, writeSchema };

if (require.main === module) {
  void schemaText().then((text) => {
    if (text === committed()) return;
    process.stderr.write('schema/ is not what the configuration takes: run `node bin/build.js` and commit it.\n');
    process.exitCode = 1;
  });
}
