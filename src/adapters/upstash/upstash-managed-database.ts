import type { Fields } from '../../core/plan/model.ts';
import type { ManagedCaches, ManagedResource } from '../../core/ports/managed.ts';
import type { CacheDatabase } from '../../core/ports/cache.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { cacheDatabase, type DatabaseBody, listDatabases } from './upstash-cache-platform.ts';

/** Returns the port over Upstash's Developer API. */
export function upstashManagedDatabase(api: ApiClient): ManagedCaches {
  return {
    list: async ({ name, production }, signal) => {
      const listed = await listDatabases(api, signal);
      const theirs = listed.find((database) => production.includes(database.database_name) || production.includes(database.database_id));
      return {
        found: listed.filter((database) => database.database_name === name).map(managedDatabase),
        production: theirs === undefined ? {} : fieldsOf(theirs),
      };
    },
    change: (id, fields, signal) => changeDatabase(api, id, fields, signal),
    remove: async (id, signal) => {
      await api.send({ method: 'DELETE', path: apiPath`/v2/redis/database/${id}`, accept: [404], signal });
    },
  };
}

function managedDatabase(database: DatabaseBody): ManagedResource<CacheDatabase> {
  // `creation_time` is in seconds; a database made within the announcing second still counts as made after it.
  const createdAtMs = database.creation_time === undefined ? null : database.creation_time * 1000;
  return { resource: cacheDatabase(database), createdAtMs, fields: fieldsOf(database) };
}

function fieldsOf(database: DatabaseBody): Fields {
  return {
    region: database.primary_region ?? database.region ?? null,
    eviction: database.eviction ?? null,
    tls: database.tls ?? null,
    // Of a fixed plan the answer tells that it is one (`paid`), not which.
    ...(database.type === 'free' || database.type === 'payg' ? { plan: database.type } : {}),
    budgetUsd: database.budget ?? null,
  };
}

// Paths: contracts.md §3.1 (OpenAPI file of 2026-08-21).
async function changeDatabase(api: ApiClient, id: string, fields: Fields, signal: AbortSignal): Promise<void> {
  const { eviction, tls, plan, budgetUsd } = fields;
  if (typeof eviction === 'boolean') {
    const path = eviction ? apiPath`/v2/redis/enable-eviction/${id}` : apiPath`/v2/redis/disable-eviction/${id}`;
    await api.send({ method: 'POST', path, repeatable: true, signal });
  }
  if (tls === true) await api.send({ method: 'POST', path: apiPath`/v2/redis/enable-tls/${id}`, repeatable: true, signal });
  if (typeof plan === 'string') {
    const json = { plan_name: plan };
    await api.send({ method: 'POST', path: apiPath`/v2/redis/${id}/change-plan`, json, repeatable: true, signal });
  }
  if (typeof budgetUsd === 'number') {
    const json = { budget: budgetUsd };
    await api.send({ method: 'PATCH', path: apiPath`/v2/redis/update-budget/${id}`, json, repeatable: true, signal });
  }
}
