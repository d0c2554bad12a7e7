import { z } from 'zod';
import { leaseVariable } from '../../core/plan/marker.ts';
import { jsonOrUndefined } from '../../core/json.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { FoundLease, Leases } from '../../core/ports/leases.ts';
import { apiPath } from '../http/api-path.ts';
import { holderSchema } from '../lock/holder-schema.ts';
import type { VercelApi } from './vercel-api.ts';

// Shapes: contracts.md §1.2 and §1.3, only the fields that are used.
const listSchema = z.object({ envs: z.array(z.object({ id: z.string(), key: z.string(), value: z.string().nullish() })) });

const heldSchema = z.object({ environment: z.string(), holder: holderSchema, endsAt: z.iso.datetime() });

/**
 * Returns leases that are kept on the Vercel project, for the time in which the environment's database goes back in time and its lease with
 * it. Only whoever has the database's lease writes one, so the platform need not tell two writers apart; it runs out by the clocks of the
 * machines. Like the ownership marker it is a `plain` variable of the target `development`, which no deployment gets. A value that is not
 * one of ours counts as none; so does an environment whose project is not there.
 */
export function vercelHolds(api: VercelApi, clock: Pick<Clock, 'nowMs'>, projectId: () => string | undefined): Leases {
  const variables = (project: string) => apiPath`/v10/projects/${project}/env`;
  const find = async (environment: string, signal: AbortSignal) => {
    const project = projectId();
    if (project === undefined) return undefined;
    const { envs } = await api.read({ method: 'GET', path: variables(project), signal }, listSchema);
    const variable = envs.find(({ key }) => key === leaseVariable);
    const held = heldSchema.safeParse(jsonOrUndefined(variable?.value ?? ''));
    if (variable === undefined || !held.success || held.data.environment !== environment) return undefined;
    return {
      path: apiPath`/v9/projects/${project}/env/${variable.id}`,
      lease: { holder: held.data.holder, leftMs: Date.parse(held.data.endsAt) - clock.nowMs() },
    };
  };
  const write = async (environment: string, { holder }: Pick<FoundLease, 'holder'>, lastsMs: number, signal: AbortSignal) => {
    const project = projectId();
    if (project === undefined) throw new Error('An environment without a Vercel project cannot be held there.');
    const value = JSON.stringify({ environment, holder, endsAt: new Date(clock.nowMs() + lastsMs).toISOString() });
    const json = { key: leaseVariable, value, type: 'plain', target: ['development'] };
    await api.send({ method: 'POST', path: variables(project), query: { upsert: true }, json, repeatable: true, signal });
  };
  return {
    read: async (environment, signal) => (await find(environment, signal))?.lease,
    take: async (environment, { holder, lastsMs, over }, signal) => {
      const found = await find(environment, signal);
      if (found !== undefined && found.lease.leftMs > 0 && ![holder.id, over].includes(found.lease.holder.id)) return false;
      await write(environment, { holder }, lastsMs, signal);
      return true;
    },
    renew: async (environment, id, lastsMs, signal) => {
      const found = await find(environment, signal);
      if (found?.lease.holder.id !== id) return false;
      await write(environment, found.lease, lastsMs, signal);
      return true;
    },
    release: async (environment, id, signal) => {
      const found = await find(environment, signal);
      if (found?.lease.holder.id !== id) return false;
      await api.send({ method: 'DELETE', path: found.path, accept: [404], signal });
      return true;
    },
    close: () => Promise.resolve(),
  };
}
