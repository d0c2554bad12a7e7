import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';

/**
 * Stands for kubectl and the k6-operator behind it: takes the objects, runs the script of the ConfigMap in as many k6 processes as the
 * TestRun says, each with its execution segment and the environment that a runner pod would have, and hands out their logs. What it was
 * called with is kept. `KUBE_FAKE_MODE` makes it fail: `no-operator`, `refuses`, `error`, `lost`; `starved` lets
 * the last runner have the CPU for 100 ms of each 400, as a pod at its CPU limit does.
 */
const folder = process.env['KUBE_FAKE_DIR'] ?? '.';
const mode = process.env['KUBE_FAKE_MODE'];
const k6 = process.env['KUBE_FAKE_K6'] ?? 'k6';
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));

async function main(): Promise<void> {
  const [verb, what] = words;
  const input = verb === 'create' ? await text(process.stdin) : '';
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify({ args: process.argv.slice(2), input })}\n`);
  if (verb === 'create') return create(input);
  if (verb === 'api-resources') return say(mode === 'no-operator' ? '' : 'privateloadzones.k6.io\ntestruns.k6.io');
  if (verb === 'get' && what === 'pods')
    return say(
      runners()
        .map((runner) => `pod/${runner}`)
        .join('\n'),
    );
  if (verb === 'get') return say(JSON.stringify({ status: { stage: stage() } }));
  if (verb === 'logs') return say(logOf(what ?? ''));
  say(`${verb} ${what}`);
}

function create(input: string): void {
  if (mode === 'refuses') {
    process.stderr.write(`Error from server (BadRequest): Secret in version "v1" cannot be handled: ${input}\n`);
    process.exit(1);
  }
  const objects = parseAllDocuments(input).map((document) => document.toJS());
  const of = (kind: string) => objects.find((each) => each.kind === kind);
  const { spec, metadata } = of('TestRun');
  writeFileSync(join(folder, 'script.js'), of('ConfigMap').data[spec.script.configMap.file]);
  const given = spec.runner.env.map(({ name, value }: { name: string; value: string }) => [name, value]);
  const env = { PATH: '/usr/bin:/bin', HOME: folder, ...of('Secret')?.stringData, ...Object.fromEntries(given) };
  const edges = Array.from({ length: spec.parallelism + 1 }, (_, index) => `${index}/${spec.parallelism}`);
  for (let index = 1; index <= spec.parallelism; index += 1) {
    const runner = join(folder, `${metadata.name}-${index}`);
    const segment = `--execution-segment=${edges[index - 1]}:${edges[index]} --execution-segment-sequence=${edges.join(',')}`;
    // The operator's own command (grafana/k6-operator, `pkg/resources/jobs/runner.go`), without the pause that its starter ends.
    const run = `'${k6}' run --quiet ${segment} script.js --address= --tag instance_id=${index} > '${runner}.log' 2>&1`;
    const starved = `${run} & p=$!; while kill -STOP $p 2>/dev/null; do sleep 0.3; kill -CONT $p; sleep 0.1; done; wait $p`;
    const command = `${mode === 'starved' && index === spec.parallelism ? starved : run}; echo $? > '${runner}.ended'`;
    spawn('/bin/sh', ['-c', command], { cwd: folder, env, detached: true, stdio: 'ignore' }).unref();
    writeFileSync(`${runner}.started`, '');
  }
  say(objects.map(({ kind, metadata: { name } }) => `${kind}/${name} created`).join('\n'));
}

function runners(): readonly string[] {
  return readdirSync(folder).flatMap((file) => (file.endsWith('.started') ? [file.replace('.started', '')] : []));
}

function stage(): string {
  if (mode === 'error') return 'error';
  return runners().every((runner) => existsSync(join(folder, `${runner}.ended`))) ? 'finished' : 'started';
}

function logOf(pod: string): string {
  if (mode === 'error') return 'time="…" level=error msg="ReferenceError: x is not defined"\n';
  if (mode === 'lost' && pod.endsWith('-1')) return 'Killed\n';
  return readFileSync(join(folder, `${pod.replace('pod/', '')}.log`), 'utf8');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
