import { describe, expect, it } from 'vitest';
import { expecting, interleave, timeProcess } from '../../bench/measure.ts';

const node = (script: string, check = expecting(0)) => ({ program: process.execPath, args: ['-e', script], check });

describe('timing a process', () => {
  it('gives what it wrote, how it ended and how long it took', async () => {
    const run = await timeProcess(
      node("process.stdout.write('out'); process.stderr.write('err'); process.exitCode = 3", expecting(3, 'out', 'err')),
    );

    expect(run).toMatchObject({ exitCode: 3, stdout: 'out', stderr: 'err', peakRssBytes: null });
    expect(run.wallMs).toBeGreaterThan(0);
  });

  it('counts no run that did not do its work', async () => {
    await expect(timeProcess(node("process.stdout.write('less')", expecting(0, 'everything')))).rejects.toThrow(
      /expected exit 0, "everything"; it wrote:\nless/,
    );
    await expect(timeProcess(node('process.exitCode = 5'))).rejects.toThrow('ended with 5, expected exit 0');
  });

  it('refuses a program that does not exist', async () => {
    await expect(timeProcess({ program: '/nowhere/program', args: [], check: expecting(0) })).rejects.toThrow('ENOENT');
  });

  it('times commands in turn, the warm-up left out', async () => {
    const order: string[] = [];
    const noting = (name: string) => node('0', () => void order.push(name));

    const times = await interleave([noting('a'), noting('b')], 2);

    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(times.map((series) => series.length)).toEqual([2, 2]);
  });
});
