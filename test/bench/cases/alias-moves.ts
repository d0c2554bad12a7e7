import { startTestCloud } from '../../support/local-cloud.ts';
import { moveAlias } from '../../support/alias-moves.ts';
import type { BenchCase } from '../place.ts';

const moves = 1_000;
const requestsPerSecond = 50;

/** Whether visitors notice that an alias moves: the local cloud's own promise, for a load that a rollback may meet. */
export const aliasMoves: BenchCase = {
  name: 'alias-moves',
  run: async (say) => {
    say(`${moves} moves of an alias under ${requestsPerSecond} requests/s`);
    const cloud = await startTestCloud();
    try {
      const { asked, lost, late, movesMs } = await moveAlias(cloud.endpoints, moves, requestsPerSecond);
      const none = { atMost: 0, unit: 'requests', of: 'value' } as const;
      return [
        { name: `${moves} alias moves, requests lost of ${asked}`, unit: 'requests', values: [lost.length], target: none },
        { name: `${moves} alias moves, first request after one met the old deployment`, unit: 'requests', values: [late], target: none },
        { name: 'alias move, time to its acknowledgement', unit: 'ms', values: movesMs },
      ];
    } finally {
      await cloud.stop();
    }
  },
};
