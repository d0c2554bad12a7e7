import { createSink } from '../../src/output/sink.ts';

/** Writes more than any pipe holds; a test closes the pipe early and expects exit code 0. */
const sink = createSink(process);
for (let line = 0; line < 20_000; line += 1) sink.out(`${'x'.repeat(100)} ${line}\n`);
await sink.flush();
