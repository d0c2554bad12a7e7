import { z } from 'zod';
import { stageNames } from '../../../src/core/report.ts';
import { createStagingProject } from '../../support/staging-project.ts';
import type { Measured } from '../figure.ts';
import { type ProcessRun, timeProcess } from '../measure.ts';
import { type BenchCase, tool } from '../place.ts';

const runs = 3;

const bytesPerMb = 1_048_576;

/** What of the report is read to see that nothing was left out. */
const envelope = z.object({
  ok: z.literal(true),
  data: z.object({
    verdict: z.literal('green'),
    stages: z.array(
      z.object({
        stage: z.enum(stageNames),
        verdict: z.literal('green'),
        durationMs: z.number(),
        details: z.object({
          pages: z.array(z.object({ runs: z.array(z.unknown()).length(3) })).optional(),
          measurement: z.object({ durationMs: z.number().min(28_000), vusMax: z.literal(50) }).optional(),
        }),
      }),
    ),
  }),
});

/** The whole lifecycle with the sample's real configuration, from nothing, on a machine that is set up. */
export const up: BenchCase = {
  name: 'up',
  run: async (say) => {
    const seconds: number[] = [];
    const peakMb: number[] = [];
    const stageSeconds = new Map<string, number[]>(stageNames.map((name) => [name, []]));
    for (let run = 1; run <= runs; run += 1) {
      say(`up with the sample's configuration in a project of its own, run ${run} of ${runs}`);
      const project = await createStagingProject();
      try {
        const args = ['up', '--config', 'sample.config.ts', '--target', 'local', '--json'];
        const done = await timeProcess(tool(args, { cwd: project.dir, check: isWholeAndGreen, timeoutMs: 900_000 }), true);
        seconds.push(done.wallMs / 1000);
        if (done.peakRssBytes !== null) peakMb.push(done.peakRssBytes / bytesPerMb);
        for (const { stage, durationMs } of envelope.parse(JSON.parse(done.stdout)).data.stages)
          stageSeconds.get(stage)?.push(durationMs / 1000);
      } finally {
        await project.remove();
      }
    }
    const stages: readonly Measured[] = [...stageSeconds].map(([stage, values]) => ({ name: `  of it ${stage}`, unit: 's', values }));
    return [
      { name: 'up, from nothing to green', unit: 's', values: seconds, target: { atMost: 150, unit: 's', of: 'value' } },
      ...stages,
      ...(peakMb.length === 0
        ? []
        : [
            {
              name: 'up, peak memory of its process',
              unit: 'MB' as const,
              values: peakMb,
              target: { atMost: 250, unit: 'MB', of: 'value' } as const,
            },
          ]),
    ];
  },
};

function isWholeAndGreen({ exitCode, stdout, stderr }: ProcessRun): void {
  const parsed = exitCode === 0 ? envelope.safeParse(JSON.parse(stdout)) : undefined;
  if (parsed?.success === true && parsed.data.data.stages.length === stageNames.length) return;
  const why = parsed?.error === undefined ? stderr : z.prettifyError(parsed.error);
  throw new Error(`up ended with ${exitCode} and is not whole and green:\n${why}\n${stdout.slice(0, 2000)}`);
}
