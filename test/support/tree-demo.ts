import type { StepOutcome } from '../../src/core/run/events.ts';
import { createSink } from '../../src/output/sink.ts';
import { createTreeDrawer } from '../../src/output/task-tree.ts';

/** Draws an invented run on the terminal that it is started in; goes on at each key. Ends with a result on stdout. */
process.stdin.setRawMode(true);
const sink = createSink(process, ['canary-secret']);
const drawer = createTreeDrawer({
  mode: 'auto',
  sink,
  terminal: process.stderr,
  isTty: process.stderr.isTTY,
  color: 1,
  upfront: ['provision', 'deploy', 'smoke', 'load'].map((id) => ({ id, title: id })),
});
const at = '2026-11-22T20:00:00.000Z';
const pause = () => new Promise((resolve) => process.stdin.once('data', resolve));
const start = (...path: string[]) => drawer.events({ type: 'step-started', path, title: path.at(-1) ?? '', at });
const end = (outcome: StepOutcome, detail: string | undefined, ...path: string[]) =>
  drawer.events({ type: 'step-finished', path, title: path.at(-1) ?? '', outcome, detail, durationMs: 1234, at });

start('provision');
start('provision', 'project');
drawer.events({ type: 'step-note', path: ['provision', 'project'], text: 'polling \u001B[2Jcanary-secret\nsecond line', at });
await pause();
end('done', `created ${'with many words '.repeat(10)}`, 'provision', 'project');
start('provision', 'domain');
end('skipped', 'local target', 'provision', 'domain');
end('unchanged', 'nothing to do', 'provision');
start('deploy');
for (let file = 1; file <= 40; file += 1) start('deploy', `part-${file}`);
await pause();
for (let file = 1; file <= 40; file += 1)
  end(file === 7 ? 'failed' : 'done', file === 7 ? 'DEPLOY_BUILD_FAILED' : undefined, 'deploy', `part-${file}`);
await pause();
end('failed', 'DEPLOY_BUILD_FAILED', 'deploy');
end('undone', undefined, 'provision', 'project');
start('checks');
start('checks', 'home');
end('inconclusive', '86, expected > 85', 'checks', 'home');
start('checks', 'queue');
end('red', 'waiting, expected completed', 'checks', 'queue');
end('done', undefined, 'checks');
start('smoke');
drawer.events({ type: 'step-note', path: ['smoke'], text: '3 s', panel: ['users  3 of 50 ▁▂█', `canary-secret${'-'.repeat(200)}`], at });
await pause();
await drawer.close();
sink.out('THE RESULT\n');
await sink.flush();
process.stdin.destroy();
