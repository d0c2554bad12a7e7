// Every check of the sources that is not a test; all run, and one finding fails.
'use strict';

const { join } = require('node:path');
const { capture } = require('./setup/run-quietly.js');

const root = join(__dirname, '..');

const checks = [
  { name: 'format', program: 'oxfmt', args: ['--check', '.'] },
  { name: 'lint', program: 'oxlint', args: ['--deny-warnings'] },
  { name: 'types', program: 'tsc', args: ['-p', '.'] },
  { name: 'types of the page scripts', program: 'tsc', args: ['-p', 'fixtures/app/client'] },
  { name: 'dead code', program: 'knip', args: ['--no-progress', '--treat-config-hints-as-errors'] },
  { name: 'package', program: 'publint', args: ['--strict'] },
  { name: 'lock file', program: process.execPath, args: [join(__dirname, 'lock-file.js')] },
  { name: 'manifest', program: process.execPath, args: [join(__dirname, 'manifest.js')] },
  { name: 'JSON Schema', program: process.execPath, args: [join(__dirname, 'schema.js')] },
  { name: 'JSON Schema of the commands', program: process.execPath, args: [join(__dirname, 'answers.js')] },
  { name: 'README', program: process.execPath, args: [join(__dirname, 'readme.js'), '--check'] },
];

async function main() {
  const failed = [];
  for (const { name, program, args } of checks) {
    const startedMs = Date.now();
    const { code, output } = await capture(program, args, { cwd: root, env: process.env });
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
    if (code === 0) continue;
    failed.push(name);
    process.stdout.write(`${output.join('\n')}\n`);
  }
  if (failed.length === 0) return;
  process.stdout.write(`\n${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}.\n`);
  process.exitCode = 1;
}

void main();
