// Builds dist/ from src/: the command line, its commands (a file each, loaded when asked for), the library that configurations
// import, the programs that the tool starts, and the sample project. Everything is built beside and moved into place whole.
'use strict';

const { execFile } = require('node:child_process');
const { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { promisify } = require('node:util');
const { bundling } = require('./bundling.js');
const { filesBelow, sourceHash } = require('./sources.js');

const root = join(__dirname, '..');

/** What shares its code with the commands: name in dist/ and source. */
const parts = { cli: 'src/cli.ts', index: 'src/index.ts', readme: 'src/output/readme.ts', schema: 'src/config/json-schema.ts' };

/**
 * Programs that the tool starts, each one file: the daemon outlives a new build of dist/, and the instance is copied to where the
 * account of deployed functions can read it.
 */
const programs = {
  'lighthouse-worker': 'src/adapters/lighthouse/worker.ts',
  'part-preload': 'src/adapters/parts/preload.ts',
  'local-daemon': 'src/local/daemon.ts',
  'local-instance': 'src/local/runtime/instance/main.ts',
};

async function build() {
  const startedMs = Date.now();
  const hash = sourceHash();
  const fresh = join(root, `dist.new-${process.pid}`);
  try {
    rmSync(fresh, { recursive: true, force: true });
    const { buildSample } = require('./sample.js');
    await Promise.all([bundle(fresh), declareTypes(fresh), buildSample(join(fresh, 'sample'))]);
    const { manifestText, writeManifest } = require('./manifest.js');
    writeManifest(await manifestText(fresh));
    const { schemaText, writeSchema } = require('./schema.js');
    writeSchema(await schemaText(fresh));
    writeFileSync(join(fresh, '.built'), hash);
    moveIntoPlace(fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  process.stderr.write(`Built dist/ in ${((Date.now() - startedMs) / 1000).toFixed(1)} s.\n`);
}

async function bundle(outdir) {
  const { build: run } = require('esbuild');
  const shared = { ...bundling, outdir };
  await Promise.all([
    run({ ...shared, entryPoints: entries({ ...parts, ...commands() }), splitting: true, chunkNames: 'chunks/[name]-[hash]' }),
    run({ ...shared, entryPoints: entries(programs) }),
  ]);
}

/** The commands: `commands/local/start` in dist/ from its source. */
function commands() {
  const files = filesBelow('src').filter((file) => file.startsWith('src/commands/') && file.endsWith('.ts'));
  return Object.fromEntries(files.map((file) => [file.slice('src/'.length, -'.ts'.length), file]));
}

function entries(sources) {
  return Object.entries(sources).map(([out, source]) => ({ in: source, out }));
}

/** Writes the types of the library, for configurations that are checked in an editor. */
async function declareTypes(outdir) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', 'src', '--outDir', join(outdir, 'types')];
  const config = join(outdir, 'tsconfig.json');
  mkdirSync(outdir, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], exclude: [], files: [join(root, parts.index)] }),
  );
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', config, ...options.map((word) => (word === 'src' ? join(root, 'src') : word))]);
  } catch (error) {
    throw new Error(`The types of src/index.ts cannot be written:\n${error.stdout || error.message}`, { cause: error });
  } finally {
    rmSync(config, { force: true });
  }
}

function moveIntoPlace(fresh) {
  const dist = join(root, 'dist');
  const old = join(root, `dist.old-${process.pid}`);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

build().catch((error) => {
  // esbuild has printed its own findings.
  if (error.errors === undefined) process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
