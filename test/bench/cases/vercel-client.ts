import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { z } from 'zod';
import { removeCloud } from '../../support/local-cloud.ts';
import { findComponent } from '../../support/requires.ts';
import type { Measured } from '../figure.ts';
import { type CommandLine, timeProcess } from '../measure.ts';
import { type BenchCase, root, tool } from '../place.ts';

const runs = 5;
const files = 2_000;
const fileBytes = 8 * 1024;

const environment = z.object({ data: z.object({ VERCEL_API_URL: z.string(), VERCEL_TOKEN: z.string(), VERCEL_ORG_ID: z.string() }) });
const usageSchema = z.object({ maxRSS: z.number(), userCPUTime: z.number(), systemCPUTime: z.number() });

/** What one client used for one deployment. */
interface Use {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

/** Our upload beside the unchanged `vercel` client, each a process, both on one local cloud and until the deployment is ready. */
export const vercelClient: BenchCase = {
  name: 'vercel-client',
  run: async (say) => {
    const program = findComponent('vercel-cli');
    if (program === undefined) throw new Error('The vercel client is not installed: run `node bin/setup.js --for test`.');
    const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-'));
    const local = (command: string) =>
      timeProcess(
        tool(['local', command, '--json'], { cwd, check: endsWell, env: { ...process.env, JV_STATE_DIR: cwd }, timeoutMs: 180_000 }),
      );
    try {
      await local('start');
      const { data } = environment.parse(JSON.parse((await local('env')).stdout));
      const project = await newProject(data);
      const clients = { ours: await ourClient(cwd, data, project), theirs: await theirClient(cwd, data, project, program) };
      const first: Record<'ours' | 'theirs', Use[]> = { ours: [], theirs: [] };
      const again: Record<'ours' | 'theirs', Use[]> = { ours: [], theirs: [] };
      for (let run = 0; run <= runs; run += 1) {
        say(`${files} files of ${fileBytes} bytes by both clients, run ${run} of ${runs}`);
        for (const name of ['ours', 'theirs'] as const) {
          const { dir, command } = clients[name];
          await newFiles(join(dir, '.vercel/output'));
          const uploaded = await measured(cwd, command);
          const unchanged = await measured(cwd, command);
          if (run === 0) continue; // the first warms up
          first[name].push(uploaded);
          again[name].push(unchanged);
        }
      }
      return figures(first, again);
    } finally {
      await removeCloud(join(cwd, 'local'));
      await rm(cwd, { recursive: true, force: true });
    }
  },
};

type Uses = Readonly<Record<'ours' | 'theirs', readonly Use[]>>;

/** The targets are those that the tool promises: 0.30x the wall time (better 0.2x), 0.25x the processor, 0.45x the memory; 0.35x unchanged. */
function figures(first: Uses, again: Uses): readonly Measured[] {
  const figure = (name: string, unit: 's' | 'MB', uses: Uses, of: (use: Use) => number, atMost: number, goal?: number): Measured => ({
    name,
    unit,
    values: uses.ours.map(of),
    peer: { name: 'vercel deploy --prebuilt', values: uses.theirs.map(of) },
    target: { atMost, unit: 'x', of: 'ratio', goal },
  });
  return [
    figure(`${files} new files until ready`, 's', first, ({ seconds }) => seconds, 0.3, 0.2),
    figure('  processor time', 's', first, ({ cpuSeconds }) => cpuSeconds, 0.25),
    figure('  most memory', 'MB', first, ({ rssMb }) => rssMb, 0.45),
    figure('the same files again', 's', again, ({ seconds }) => seconds, 0.35),
  ];
}

type CloudEnvironment = z.infer<typeof environment>['data'];

interface Client {
  readonly dir: string;
  readonly command: CommandLine;
}

async function ourClient(cwd: string, cloud: CloudEnvironment, project: { readonly id: string; readonly name: string }): Promise<Client> {
  const dir = join(cwd, 'ours');
  await mkdir(dir, { recursive: true });
  const program = await built();
  const args = [program, join(dir, '.vercel/output'), project.name];
  const check: CommandLine['check'] = (run) => {
    endsWell(run);
    if (!run.stdout.startsWith('ready ')) throw new Error(`Our upload ended with ${run.stdout}`);
  };
  return {
    dir,
    command: {
      program: process.execPath,
      args,
      cwd: dir,
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: join(cwd, 'compiled'), ...cloud },
      timeoutMs: 300_000,
      check,
    },
  };
}

/** Bundles our upload as `bin/build.js` bundles the tool: our own sources and the small packages in one file, the rest in node_modules. */
async function built(): Promise<string> {
  const outfile = join(root, 'node_modules/.cache/jv-bench/upload.js');
  await build({
    entryPoints: [join(root, 'test/bench/programs/upload.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    minifySyntax: true,
    external: ['undici'],
  });
  return outfile;
}

async function theirClient(
  cwd: string,
  cloud: CloudEnvironment,
  project: { readonly id: string; readonly name: string },
  program: string,
): Promise<Client> {
  const dir = join(cwd, 'theirs');
  await mkdir(join(dir, '.vercel'), { recursive: true });
  const link = { projectId: project.id, orgId: cloud.VERCEL_ORG_ID, projectName: project.name };
  await writeFile(join(dir, '.vercel/project.json'), JSON.stringify(link));
  const args = ['deploy', '--prebuilt', '--yes', '--api', cloud.VERCEL_API_URL, '--global-config', join(cwd, 'settings')];
  const env = {
    PATH: process.env['PATH'],
    HOME: cwd,
    CI: '1',
    VERCEL_TOKEN: cloud.VERCEL_TOKEN,
    VERCEL_TELEMETRY_DISABLED: '1',
    NO_UPDATE_NOTIFIER: '1',
    NODE_COMPILE_CACHE: join(cwd, 'compiled'),
  };
  return { dir, command: { program, args, cwd: dir, env, timeoutMs: 300_000, check: endsWell } };
}

function endsWell({ exitCode, stdout, stderr }: Parameters<CommandLine['check']>[0]): void {
  if (exitCode !== 0) throw new Error(`A run ended with ${exitCode}: ${stdout.slice(-500)}${stderr.slice(-1500)}`);
}

async function newProject(cloud: CloudEnvironment): Promise<{ readonly id: string; readonly name: string }> {
  const answer = await fetch(`${cloud.VERCEL_API_URL}/v11/projects?teamId=${cloud.VERCEL_ORG_ID}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cloud.VERCEL_TOKEN}` },
    body: JSON.stringify({ name: 'bench-clients' }),
  });
  return z.object({ id: z.string(), name: z.string() }).parse(await answer.json());
}

async function newFiles(output: string): Promise<void> {
  await rm(output, { recursive: true, force: true });
  const folders = Array.from({ length: 40 }, (_, index) => join(output, 'static', String(index)));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  await writeFile(join(output, 'config.json'), JSON.stringify({ version: 3 }));
  for (let index = 0; index < files - 1; index += 1)
    await writeFile(join(folders[index % folders.length] ?? output, `${index}.bin`), randomBytes(fileBytes));
}

/** A module that is loaded before a program and, at the program's end, writes what its process used. */
function sayingWhatItUsed(folder: string): string {
  const write = `writeFileSync(${JSON.stringify(folder)} + '/' + process.pid + '.json', JSON.stringify(process.resourceUsage()))`;
  return `import { writeFileSync } from 'node:fs'; process.on('exit', () => ${write});`;
}

/** Runs a client; what it and the processes below it used is written by themselves at their end. */
async function measured(cwd: string, command: CommandLine): Promise<Use> {
  const folder = await mkdtemp(join(cwd, 'usage-'));
  const env = {
    ...command.env,
    JV_BENCH_RUN: randomBytes(8).toString('hex'),
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(sayingWhatItUsed(folder))}`,
  };
  const { wallMs } = await timeProcess({ ...command, env });
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));
  const uses = texts.map((text) => usageSchema.parse(JSON.parse(text)));
  if (uses.length === 0) throw new Error('A client did not say what it used.');
  return {
    seconds: wallMs / 1000,
    cpuSeconds: uses.reduce((sum, use) => sum + use.userCPUTime + use.systemCPUTime, 0) / 1e6,
    rssMb: Math.max(...uses.map((use) => use.maxRSS)) / 1024,
  };
}
