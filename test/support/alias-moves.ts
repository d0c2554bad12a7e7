import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';
import { tinyApp } from './tiny-app.ts';
import { vercelClient, visit } from './vercel-client.ts';

/** What visitors saw while an alias moved to and fro between two deployments. */
export interface AliasMoves {
  /** Requests that were made at a steady rate, whatever the answers. */
  readonly asked: number;
  /** What was answered instead of one of the two deployments: statuses and errors. */
  readonly lost: readonly string[];
  /** Moves after whose acknowledgement a new request still met the other deployment. */
  readonly late: number;
  readonly movesMs: readonly number[];
}

/** Moves an alias `moves` times between two deployments of a new project while visitors ask a function behind it. */
export async function moveAlias(endpoints: LocalEndpoints, moves: number, requestsPerSecond = 50): Promise<AliasMoves> {
  const vercel = vercelClient(endpoints);
  const project = `alias-moves-${moves}`;
  const domain = `${project}.jetvision-assistant.com`;
  await vercel.call('POST', '/v11/projects', { name: project });
  await vercel.call('POST', `/v10/projects/${project}/domains`, { name: domain });
  const ids: string[] = [];
  for (const marker of ['a', 'b']) {
    const created = await vercel.deploy(project, tinyApp(marker));
    ids.push(String((await vercel.settled(created.body['id'])).body['id']));
  }
  const lost: string[] = [];
  const see = async (path: string) => {
    try {
      const { status, text } = await visit(endpoints, domain, path);
      if (status === 200) return text.includes('"marker":"a"') ? 'a' : text.includes('"marker":"b"') ? 'b' : undefined;
      lost.push(`status ${status}`);
    } catch (error) {
      lost.push(String(error));
    }
    return undefined;
  };
  const visits: Promise<unknown>[] = [];
  const visitors = setInterval(() => visits.push(see('/api/slow?ms=5')), 1000 / requestsPerSecond);
  const movesMs: number[] = [];
  let late = 0;
  try {
    for (let move = 0; move < moves; move++) {
      const startedMs = performance.now();
      const answer = await vercel.call('POST', `/v2/deployments/${ids[move % 2]}/aliases`, { alias: domain });
      movesMs.push(performance.now() - startedMs);
      if (answer.status !== 200) throw new Error(`Move ${move} was answered with ${answer.status}.`);
      if ((await see('/api/env')) !== (move % 2 === 0 ? 'a' : 'b')) late += 1;
    }
  } finally {
    clearInterval(visitors);
    await Promise.all(visits);
  }
  return { asked: visits.length, lost, late, movesMs };
}
