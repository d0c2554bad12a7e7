import { createSink, type Sink } from '../../src/output/sink.ts';

/** Returns a sink that keeps what it was given, and the texts so far. */
export function capturedSink(secrets: readonly string[] = []): { readonly sink: Sink; stdout(): string; stderr(): string } {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
      return true;
    },
    on: () => undefined,
  });
  const sink = createSink({ stdout: stream('stdout'), stderr: stream('stderr') }, secrets);
  return { sink, stdout: () => written.stdout, stderr: () => written.stderr };
}
