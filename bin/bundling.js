// How sources become one file, for esbuild: `dist/` is built so, and what the bench times is built so, too.
'use strict';

const { join } = require('node:path');

const root = join(__dirname, '..');

/**
 * Packages that commands load before they do anything: bundled, because one file starts faster than a hundred. Everything else stays in
 * node_modules and is loaded when it is needed.
 */
const bundled = [
  '@oclif/core',
  '@vercel/frameworks',
  'chalk',
  'diff',
  'dotenv',
  'echarts',
  'execa',
  'fast-xml-builder',
  'hdr-histogram-js',
  'listr2',
  'markdown-table',
  'ms',
  'p-limit',
  'postgres',
  'proper-lockfile',
  'smol-toml',
  'undici',
  'ws',
  'yaml',
  'zod',
];

/** What oclif would load for features that this tool does not use; nothing calls them, so they are left out. */
const leftOut = { 'wsl-utils': 'export const isWsl = false;', ejs: ejsStub(), tinyglobby: 'export const glob = async () => [];' };

/** What undici's entry loads of itself that is used here; its fetch, caches, mocks, interceptors and WebSocket are not, and are left out. */
const undiciParts = /^\.\/lib\/(?:api|core|dispatcher|global|handler)\b/;
/** Stands for the parts left out: the entry takes classes from them and makes one of them anew. */
const undiciRest = 'module.exports = new Proxy(class {}, { get: () => class {} });';

/** Keeps packages outside of the bundle, but for those above and what they themselves need. */
const packages = {
  name: 'packages',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
      if (kind === 'entry-point' || path.startsWith('node:') || path.startsWith('/')) return undefined;
      const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/');
      if (importer.includes('/node_modules/') && name in leftOut) return { path: name, namespace: 'left-out' };
      if (importer.includes('/node_modules/') || bundled.includes(name)) return undefined;
      return { path, external: true };
    });
    esbuild.onResolve({ filter: /^\.\/lib\// }, ({ path, importer }) =>
      importer.endsWith('/undici/index.js') && !undiciParts.test(path) ? { path, namespace: 'undici-rest' } : undefined,
    );
    esbuild.onLoad({ filter: /.*/, namespace: 'undici-rest' }, () => ({ contents: undiciRest }));
    // zod carries its messages in forty languages.
    esbuild.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents: "export { default as en } from './en.js';" }));
    esbuild.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: leftOut[path] }));
  },
};

/** oclif fills `<%= config.bin %>` into texts by ejs; only plain names stand in ours. */
function ejsStub() {
  return `export default {
  render: (text, context) =>
    String(text).replace(/<%[=-] *([\\w.]+) *%>/g, (_, path) => path.split('.').reduce((value, key) => value?.[key], context) ?? ''),
};`;
}

/** The options of every build. */
const bundling = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [packages],
  // CommonJS packages inside the bundle call require.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
};

module.exports = { bundling };
