// The sample project as the package holds it, for `init --sample`: the sample app built, and a configuration that names the result.
'use strict';

const { execFile } = require('node:child_process');
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { promisify } = require('node:util');
const { node24 } = require('./node24.js');

const root = join(__dirname, '..');

/** What differs from `fixtures/staging.config.ts`: the app is built already, and the schema lies beside the configuration. */
const replacements = [
  [
    "  environment: 'staging',\n",
    "  environment: 'staging',\n  target: 'local', // no account is needed; take this line away to work at the vendors\n",
  ],
  ["app: { dir: 'app', build: ['node', 'build.ts'], output: '.vercel/output' }", "app: { dir: 'app', output: 'output' }"],
  ["'../supabase/migrations'", "'supabase/migrations'"],
  ["'../supabase/rollbacks'", "'supabase/rollbacks'"],
  ['the charter-flight assistant of `fixtures/app`', 'its app, a charter-flight assistant, lies built in `app/output`'],
];

/** Writes the sample into `folder`. */
async function buildSample(folder) {
  mkdirSync(join(folder, 'app'), { recursive: true });
  writeFileSync(join(folder, 'staging.config.ts'), sampleConfig());
  // The app's own build is TypeScript, which this process's Node may be too old to run.
  const node = process.features.typescript ? process.execPath : (node24() ?? process.execPath);
  const code = "const { buildApp } = await import('./fixtures/app/build.ts'); await buildApp(process.argv[1], { indexable: false });";
  await promisify(execFile)(node, ['--input-type=module', '--eval', code, join(folder, 'app', 'output')], { cwd: root });
}

function sampleConfig() {
  const text = readFileSync(join(root, 'fixtures', 'staging.config.ts'), 'utf8');
  return replacements.reduce((config, [before, after]) => {
    if (!config.includes(before)) throw new Error(`fixtures/staging.config.ts lacks ${before}, which the sample replaces.`);
    return config.replace(before, after);
  }, text);
}

module.exports = { buildSample };
