import { request } from 'node:http';
import { isDue } from './cron.ts';
import type { Hosting } from './hosting.ts';

/** Runs the cron jobs of production deployments, each minute that their schedule names; returns how to end that. */
export function startCronJobs(hosting: Hosting, log: (line: string) => void): () => void {
  let timer: NodeJS.Timeout;
  const plan = () => {
    const untilNextMinuteMs = 60_000 - (Date.now() % 60_000);
    timer = setTimeout(() => {
      runDue(hosting, new Date(), log).catch((error: unknown) => log(`cron: ${String(error)}`));
      plan();
    }, untilNextMinuteMs + 50);
    timer.unref();
  };
  plan();
  return () => clearTimeout(timer);
}

async function runDue(hosting: Hosting, at: Date, log: (line: string) => void): Promise<void> {
  for (const { id, url, env } of hosting.vercel.productionDeployments()) {
    const crons = await hosting.runtime.crons(id).catch(() => []);
    for (const { path, schedule } of crons) {
      if (isDue(schedule, at)) call(hosting.gateway.port, url, path, env['CRON_SECRET'], log);
    }
  }
}

/** Vercel calls cron paths by GET with its own user agent and the secret as bearer token (vercel.com/docs/cron-jobs). */
function call(port: number, host: string, path: string, secret: string | undefined, log: (line: string) => void): void {
  const headers = { host, 'user-agent': 'vercel-cron/1.0', ...(secret ? { authorization: `Bearer ${secret}` } : {}) };
  const job = request({ host: '127.0.0.1', port, path, headers, timeout: 60_000, agent: false }, (response) => {
    response.resume();
    if ((response.statusCode ?? 0) >= 400) log(`cron: ${path} answered ${response.statusCode}`);
  });
  job.once('timeout', () => job.destroy(new Error('no answer within 60 s')));
  job.once('error', (error) => log(`cron: ${path}: ${error.message}`));
  job.end();
}
