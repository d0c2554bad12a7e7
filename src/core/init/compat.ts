import type { GeneratedFile } from '../files/generated.ts';

/** What the shims are made from. */
export interface CompatFacts {
  /** Returns the absolute path of a file beside the configuration. */
  readonly path: (name: string) => string;
  /** What runs the tests of the repository. */
  readonly testRunner: TestRunner;
  /** Ids of the checks that say that a deployment is up: address, health, database, Redis, Sentry, sign-in. */
  readonly deploymentChecks: readonly string[];
  /** The load of the configuration as a k6 script. */
  readonly loadScript: string;
}

/** What runs the tests of a repository; `node` where nothing else does. */
export type TestRunner = 'vitest' | 'jest' | 'node';

/** Scripts of `package.json` that people and CI jobs call by name (original plan, sections 4 and 6). */
export const npmScripts = { 'seed:staging': 'jv-staging seed', 'lighthouse:staging': 'jv-staging perf' } as const;

/** Returns the scripts of the original plan as thin shims: each calls this tool and passes on its exit code. */
export function compatFiles({ path, testRunner, deploymentChecks, loadScript }: CompatFacts): readonly GeneratedFile[] {
  const only = deploymentChecks.map((id) => ` --only ${id}`).join('');
  return [
    { path: path('scripts/test-staging-deployment.sh'), text: shellShim(`smoke${only}`), executable: true },
    { path: path('scripts/smoke-test-staging.sh'), text: shellShim('smoke'), executable: true },
    { path: path('scripts/load-test-staging.k6.js'), text: loadScript },
    { path: path('scripts/seed-staging-data.ts'), text: seedShim },
    { path: path('__tests__/staging/integration.test.ts'), text: testShim(testRunner) },
  ];
}

function shellShim(words: string): string {
  return `#!/usr/bin/env bash
# Written by \`jv-staging init --compat\`. jv-staging does the work and its exit code is passed on: 0 is green, 5 is red; the others
# stand in \`jv-staging smoke --help\`.
set -euo pipefail
cd "$(dirname "\${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
exec jv-staging ${words} "$@"
`;
}

const callTool = `/** Runs jv-staging beside package.json, the installed one first; without an exit code (a signal, no such program) it is 1. */
function jvStaging(words: readonly string[], stdio: 'inherit' | 'pipe'): { readonly exitCode: number; readonly output: string } {
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  const ended = spawnSync('jv-staging', words, { cwd: root, env: { ...process.env, PATH: path }, stdio, encoding: 'utf8' });
  const output = [ended.stdout, ended.stderr, ended.error?.message].filter(Boolean).join('\\n');
  return { exitCode: ended.status ?? 1, output };
}
`;

const seedShim = `// Written by \`jv-staging init --compat\`. jv-staging does the work and its exit code is passed on.
import { spawnSync } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';

const root = resolve(process.argv[1] ?? '.', '../..');

${callTool}
const { exitCode, output } = jvStaging(['seed', ...process.argv.slice(2)], 'inherit');
if (output !== '') console.error(output);
process.exitCode = exitCode;
`;

function testShim(runner: TestRunner): string {
  const imports = { vitest: "import { describe, it } from 'vitest';\n", jest: '', node: "import { describe, it } from 'node:test';\n" };
  const bound = runner === 'node' ? { before: '{ timeout: minutes }, ', after: '' } : { before: '', after: ', minutes' };
  return `// Written by \`jv-staging init --compat\`. The checks are those of staging.config.ts; jv-staging runs them.
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
${imports[runner]}
const root = process.cwd();
const minutes = 10 * 60_000;

${callTool}
describe('staging', () => {
  it('passes the smoke checks', ${bound.before}() => {
    const { exitCode, output } = jvStaging(['smoke'], 'pipe');
    if (exitCode !== 0) throw new Error(\`jv-staging smoke ended with \${exitCode}.\\n\${output}\`);
  }${bound.after});
});
`;
}

/** Returns what runs the tests of a repository that depends on these packages. */
export function testRunnerOf(packages: readonly string[]): TestRunner {
  if (packages.includes('vitest')) return 'vitest';
  return packages.includes('jest') ? 'jest' : 'node';
}

/** Returns the ids of the checks that the original deployment test made: address, health, database, Redis, Sentry, sign-in. */
export function deploymentCheckIds(
  checks: readonly { readonly id: string; readonly kind: string; readonly path?: string | undefined }[],
): readonly string[] {
  const home = checks.find(({ kind, path }) => kind === 'page' && path === '/');
  const kinds = ['health', 'database', 'redis', 'sentry', 'auth'];
  return checks.filter((check) => check === home || kinds.includes(check.kind)).map(({ id }) => id);
}
