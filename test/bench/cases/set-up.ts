import { interleave } from '../measure.ts';
import { bareNode, type BenchCase, root } from '../place.ts';

const runs = 11;

/** How long set-up takes when there is nothing to do, which every `npm start` and `npm test` waits for. */
export const setUp: BenchCase = {
  name: 'set-up',
  run: async (say) => {
    say(`node bin/setup.js --for start with nothing to do, ${runs} runs`);
    const setup = {
      program: process.execPath,
      args: ['bin/setup.js', '--for', 'start'],
      cwd: root,
      check: (run: { exitCode: number | null; stdout: string; stderr: string }) => {
        if (run.exitCode !== 0 || run.stdout + run.stderr !== '')
          throw new Error(`Set-up had something to do:\n${run.stdout}${run.stderr}`);
      },
    };
    const [bare = [], again = []] = await interleave([bareNode, setup], runs);
    return [
      {
        name: 'set-up, nothing to do',
        unit: 'ms',
        values: again,
        peer: { name: 'node -e 0', values: bare },
        target: { atMost: 500, unit: 'ms', of: 'value' },
      },
    ];
  },
};
