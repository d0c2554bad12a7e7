// `npm run bench [-- --only NAME] [--fresh] [--json FILE]`: measures what the tool promises about its speed and size.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { aliasMoves } from './cases/alias-moves.ts';
import { fresh } from './cases/fresh.ts';
import { load as loading } from './cases/load.ts';
import { localCloud } from './cases/local-cloud.ts';
import { migrate } from './cases/migrate.ts';
import { perf } from './cases/perf.ts';
import { plan } from './cases/plan.ts';
import { seed } from './cases/seed.ts';
import { setUp } from './cases/set-up.ts';
import { smoke } from './cases/smoke.ts';
import { startUp } from './cases/start-up.ts';
import { up } from './cases/up.ts';
import { upload } from './cases/upload.ts';
import { vercelClient } from './cases/vercel-client.ts';
import { type Figure, figureOf } from './figure.ts';
import { machineFacts, systemLoad } from './machine.ts';
import type { BenchCase } from './place.ts';
import { figureTable } from './table.ts';

const cases: readonly BenchCase[] = [
  startUp,
  setUp,
  localCloud,
  upload,
  vercelClient,
  aliasMoves,
  plan,
  migrate,
  seed,
  smoke,
  perf,
  loading,
  up,
  fresh,
];

/** Runs the chosen cases one after the other; returns the exit code: 0 measured (targets met or not), 1 a run did not do its work, 2 usage. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, fresh: { type: 'boolean', default: false }, json: { type: 'string' } },
  });
  const unknown = (values.only ?? []).filter((name) => cases.every((one) => one.name !== name));
  if (unknown.length > 0) {
    say(`bench knows no ${unknown.join(', ')}: --only takes ${cases.map(({ name }) => name).join(', ')}.`);
    return 2;
  }
  const isChosen = ({ name, onlyOnRequest = false }: BenchCase) => values.only?.includes(name) ?? (!onlyOnRequest || values.fresh);
  const machine = await machineFacts();
  const before = systemLoad();
  const figures: Figure[] = [];
  const failures: { readonly name: string; readonly message: string }[] = [];
  for (const { name, run } of cases.filter(isChosen)) {
    try {
      figures.push(...(await run(say)).map(figureOf));
    } catch (error) {
      failures.push({ name, message: error instanceof Error ? error.message : String(error) });
    }
  }
  const result = { machine, load: { before, after: systemLoad() }, figures, failures };
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
  process.stdout.write(`${render(result)}\n`);
  return failures.length === 0 ? 0 : 1;
}

function render({ machine, load, figures, failures }: BenchResult): string {
  const missed = figures.filter(({ met }) => met === false).map(({ name }) => name.trim());
  return [
    ...Object.entries(machine).map(([name, value]) => `${name.padEnd(11)} ${value}`),
    `load before ${load.before}`,
    `load after  ${load.after}`,
    '',
    ...(figures.length === 0 ? [] : figureTable(figures, process.stdout.columns || 160)),
    ...failures.map(({ name, message }) => `\n${name} was not measured: ${message}`),
    '',
    missed.length === 0 ? 'Every target that was measured is met.' : `Missed: ${missed.join(', ')}.`,
  ].join('\n');
}

/** Everything that a run of the bench says, as `--json` writes it. */
interface BenchResult {
  readonly machine: Readonly<Record<string, string>>;
  readonly load: { readonly before: string; readonly after: string };
  readonly figures: readonly Figure[];
  readonly failures: readonly { readonly name: string; readonly message: string }[];
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

process.exitCode = await main();
