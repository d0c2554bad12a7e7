import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '../runtime/logs.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { VercelApp } from './http.ts';
import type { DeploymentDoc } from './model.ts';
import { openStates } from './pipeline.ts';
import { isPrebuilt } from './source-build.ts';
import type { World } from './world.ts';
import { deploymentOf } from './world.ts';

/** How often a followed log is looked at, in milliseconds. */
const followEveryMs = 50;

/** Adds what a deployment's build says: events (`follow=1` until it is finished), and builds. */
export function addEventRoutes(app: VercelApp, world: World, runtime: Runtime): void {
  app.get('/deployments/:deployment/events', (c) => {
    const deployment = deploymentOf(world, c.req.param('deployment'));
    const { direction, follow, format } = c.req.query();
    const limit = Number(c.req.query('limit') ?? 1000);
    const since = Number(c.req.query('since') ?? 0);
    const chosen = buildLines(runtime, deployment.id).filter((line) => line.atMs >= since);
    const shown = limit > 0 ? chosen.slice(-limit) : chosen;
    const ordered = (direction === 'backward' ? shown.toReversed() : shown).map((line) => eventShape(deployment, line));
    if (follow === '1') {
      const stream = followed(world, runtime, deployment, shown);
      return c.body(ReadableStream.from(stream), 200, { 'content-type': 'application/stream+json' });
    }
    if (format === 'lines') return c.body(ordered.map(jsonLine).join(''), 200, { 'content-type': 'application/stream+json' });
    return c.json(ordered);
  });
  app.get('/deployments/:deployment/builds', (c) => {
    const deployment = deploymentOf(world, c.req.param('deployment'));
    const source = world.sources.get(deployment.id);
    return c.json({ builds: source && !isPrebuilt(source.files) ? [buildShape(deployment)] : [] });
  });
}

function buildLines(runtime: Runtime, id: string): readonly LogLine[] {
  return runtime.log(id).filter((line) => line.source === 'build');
}

/** Yields the lines that are there, then new ones as they come, and ends once the deployment is finished. */
async function* followed(world: World, runtime: Runtime, deployment: DeploymentDoc, first: readonly LogLine[]): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let lines = first;
  let last = -1;
  for (;;) {
    const now = world.deployments.get(deployment.id);
    const isFinished = !now || !openStates.has(now.readyState);
    // Read after the state: what a finished build wrote is there before it is finished.
    if (last >= 0 || lines.length === 0) lines = buildLines(runtime, deployment.id).filter(({ serial }) => serial > last);
    for (const line of lines) yield encoder.encode(jsonLine(eventShape(deployment, line)));
    last = lines.at(-1)?.serial ?? last;
    if (isFinished && lines.length === 0) return;
    if (!isFinished) await sleep(followEveryMs);
  }
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function eventShape(deployment: DeploymentDoc, line: LogLine) {
  const id = `${deployment.id}-${line.serial}`;
  const info = { type: 'build', name: 'bld_local', entrypoint: '.' };
  const said = { deploymentId: deployment.id, id, date: line.atMs, serial: String(line.serial), text: line.text, info };
  return { type: line.stream, created: line.atMs, payload: said, ...said };
}

/** The one build of a deployment from sources, as `GET /v11/deployments/{id}/builds` shows it. */
function buildShape(deployment: DeploymentDoc) {
  return {
    id: `bld_${deployment.id.slice('dpl_'.length).toLowerCase()}`,
    deploymentId: deployment.id,
    entrypoint: '.',
    readyState: deployment.readyState,
    readyStateAt: deployment.ready ?? deployment.buildingAt ?? deployment.createdAt,
    scheduledAt: deployment.createdAt,
    createdAt: deployment.createdAt,
    deployedAt: deployment.readyState === 'READY' ? deployment.ready : null,
    createdIn: 'iad1',
    use: '@vercel/static-build',
    config: {},
    fingerprint: null,
    copiedFrom: null,
    output: [],
  };
}
