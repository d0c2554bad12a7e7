import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileJournal } from '../../../src/adapters/files/journal-file.ts';
import { createStagingProject, type StagingProject } from '../../support/staging-project.ts';
import { type CommandLine, expecting, interleave } from '../measure.ts';
import type { Measured } from '../figure.ts';
import { type BenchCase, tool } from '../place.ts';

const rounds = 7;
const latencyMs = 100;

/** The no-op plan, far away and near with many items beside `terraform plan`, and what the journal costs. */
export const plan: BenchCase = {
  name: 'plan',
  run: async (say) => {
    const project = await createStagingProject();
    try {
      say(`\`plan\` of 100 variables with ${latencyMs} ms an answer, ${rounds} rounds`);
      await variables(project, 100);
      await must(project, ['provision', '--yes']);
      await must(project, ['local', 'fault', 'add', '--latency', `${latencyMs}ms`]);
      const [far = []] = await interleave([planned(project)], rounds);
      await must(project, ['local', 'fault', 'clear']);
      say(`\`plan\` of 1,000 variables beside \`terraform plan\` of 1,000 terraform_data, ${rounds} rounds in turn`);
      await variables(project, 1_000);
      await must(project, ['provision', '--yes']);
      const near = await besideTerraform(planned(project), say);
      return [
        {
          name: `plan, 100 variables, no change, ${latencyMs} ms an answer`,
          unit: 'ms',
          values: far,
          target: { atMost: 700, unit: 'ms', of: 'value' },
        },
        near,
        ...(await journalCost(say)),
      ];
    } finally {
      await project.remove();
    }
  },
};

/** Lets the configuration have so many variables. */
async function variables(project: StagingProject, count: number): Promise<void> {
  await writeFile(
    join(project.dir, 'staging.config.ts'),
    `import { defineConfig } from 'jv-staging';
import sample from './sample.config.ts';
const more = Math.max(0, ${count} - Object.keys(sample.env).length);
const extra = Object.fromEntries(Array.from({ length: more }, (_, index) => ['EXTRA_' + index, { value: 'value ' + index, class: 'public' } as const]));
export default defineConfig({ ...sample, env: { ...sample.env, ...extra } });
`,
  );
}

async function must(project: StagingProject, args: readonly string[]): Promise<void> {
  const run = await project.run(args);
  if (run.exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${run.exitCode}: ${run.stderr.slice(-1000)}`);
}

/** `--exit-code` gives 8 when anything would change. */
function planned(project: StagingProject): CommandLine {
  return tool(['plan', '--target', 'local', '--exit-code'], { cwd: project.dir, check: expecting(0, 'nothing to do') });
}

async function besideTerraform(own: CommandLine, say: (line: string) => void): Promise<Measured> {
  const name = 'plan, 1,000 variables, no change, near';
  const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-terraform-'));
  try {
    await writeFile(join(cwd, 'main.tf'), 'resource "terraform_data" "item" {\n  count = 1000\n  input = "value ${count.index}"\n}\n');
    const terraform = (args: readonly string[], ...texts: string[]): CommandLine => ({
      program: 'terraform',
      args: [...args, '-no-color'],
      cwd,
      timeoutMs: 300_000,
      check: expecting(0, ...texts),
    });
    try {
      await interleave([terraform(['init']), terraform(['apply', '-auto-approve'], 'Apply complete')], 1);
    } catch (error) {
      say(`terraform is not compared: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
      const [values = []] = await interleave([own], rounds);
      return { name, unit: 'ms', values };
    }
    const [values = [], peer = []] = await interleave([own, terraform(['plan', '-detailed-exitcode'], 'No changes')], rounds);
    const target = { atMost: 0.6, unit: 'x', of: 'ratio' } as const;
    return { name, unit: 'ms', values, peer: { name: 'terraform plan, 1,000', values: peer }, target };
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

/** What one step costs (an intent and an outcome, each synced), of a run of 200 steps and of one ten times as long. */
async function journalCost(say: (line: string) => void): Promise<readonly Measured[]> {
  say('the journal: 200 steps and 2,000, 5 rounds in turn');
  const dir = await mkdtemp(join(tmpdir(), 'jv-bench-journal-'));
  try {
    const short: number[] = [];
    const long: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      short.push(await journalMs(join(dir, `short-${round}`), 200));
      long.push(await journalMs(join(dir, `long-${round}`), 2_000));
    }
    return [
      { name: 'journal, a step of 200', unit: 'ms', values: short.map((ms) => ms / 200), target: { atMost: 2, unit: 'ms', of: 'value' } },
      {
        name: 'journal, 2,000 steps',
        unit: 'ms',
        values: long,
        peer: { name: '200 steps', values: short },
        target: { atMost: 11, unit: 'x', of: 'ratio' },
      },
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function journalMs(dir: string, steps: number): Promise<number> {
  const journal = fileJournal(dir, 'bench');
  const startedMs = performance.now();
  for (let step = 0; step < steps; step += 1) {
    const entry = { runId: 'bench', path: `variables/${step}`, at: new Date().toISOString() };
    await journal.append({ ...entry, phase: 'intent' });
    await journal.append({ ...entry, phase: 'done' });
  }
  const tookMs = performance.now() - startedMs;
  await journal.append({ runId: 'bench', path: '', phase: 'ended', at: new Date().toISOString() });
  const left = await journal.unfinished();
  if (left.length > 0) throw new Error(`${left.length} of ${steps} steps are unfinished in the journal.`);
  return tookMs;
}
