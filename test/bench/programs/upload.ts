// Puts a build output folder out as the tool does, and waits until it is ready: `upload.ts OUTPUT PROJECT`. A process of its own, so that its
// time, processor and memory can be held against those of the vendor's client.
import { systemClock } from '../../../src/adapters/system/system-clock.ts';
import { vercelApi } from '../../../src/adapters/vercel/vercel-api.ts';
import { vercelDeployments } from '../../../src/adapters/vercel/vercel-deployments.ts';
import { StagingError } from '../../../src/core/errors.ts';
import { waitUntil } from '../../../src/core/run/wait.ts';

const [outputDir = '', projectName = ''] = process.argv.slice(2);
const { VERCEL_API_URL: localUrl = '', VERCEL_TOKEN: token = '', VERCEL_ORG_ID: team = '', JV_BENCH_RUN: run = '' } = process.env;
const { signal } = new AbortController();
const api = vercelApi({ token, team, localUrl, clock: systemClock });
const deployments = vercelDeployments(api);
let sent = 0;
const meta = { jvBench: run };
const created = await deployments.create(
  { projectId: projectName, projectName, outputDir, meta },
  (progress) => (sent = progress.sent),
  signal,
);
let state = created.state;
const look = async () => {
  state = (await deployments.get(created.id, signal)).state;
  return state === 'queued' || state === 'building' ? state : undefined;
};
const late = (missing: string) => new StagingError('vendor', 'DEPLOY_NOT_READY', `It is still ${missing}.`);
await waitUntil(look, { clock: systemClock, signal, deadlineMs: 120_000, intervalMs: 100, late });
await api.close();
process.stdout.write(`${state} ${created.id} after ${sent} files\n`);
