import { z } from 'zod';
import type { Fields } from '../../core/plan/model.ts';
import type { DatabaseProject } from '../../core/ports/database.ts';
import type { ManagedDatabases, ManagedResource, SchemaReading } from '../../core/ports/managed.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { databaseProject, listProjects, type projectSchema } from './supabase-database-platform.ts';
import { settingsGroups } from './supabase-settings.ts';

type ProjectBody = z.infer<typeof projectSchema>;

/** Returns the port over Supabase's Management API. */
export function supabaseManagedProject(api: ApiClient): ManagedDatabases {
  return {
    list: async ({ name, production }, signal) => {
      const listed = await listProjects(api, signal);
      const theirs = listed.find((project) => production.includes(project.name) || production.includes(project.ref));
      return {
        found: listed.filter((project) => project.name === name).map(managedProject),
        production: theirs === undefined ? {} : listedFields(theirs),
      };
    },
    settings: async (ref, names, signal) => {
      const asked = settingsGroups.filter((group) => group.names.some((name) => names.includes(name)));
      const read = await Promise.all(asked.map((group) => group.read(api, ref, signal)));
      return Object.fromEntries(read.flatMap((fields) => Object.entries(fields)));
    },
    change: async (ref, fields, signal) => {
      for (const group of settingsGroups.filter(({ names }) => names.some((name) => name in fields)))
        await group.write(api, ref, fields, signal);
    },
    remove: async (ref, signal) => {
      await api.send({ method: 'DELETE', path: apiPath`/v1/projects/${ref}`, accept: [404], signal });
    },
    schema: (ref, environment, signal) => readSchema(api, ref, environment, signal),
  };
}

function managedProject(project: ProjectBody): ManagedResource<DatabaseProject> {
  const createdAtMs = Date.parse(project.created_at);
  return {
    resource: databaseProject(project),
    createdAtMs: Number.isNaN(createdAtMs) ? null : createdAtMs,
    fields: listedFields(project),
  };
}

function listedFields(project: ProjectBody): Fields {
  return {
    region: project.region,
    postgresVersion: project.database?.postgres_engine ?? null,
    paused: databaseProject(project).state === 'paused',
  };
}

/** Both at once; a table that is not there yet is empty, and a database that does not answer is undefined. */
async function readSchema(api: ApiClient, ref: string, environment: string, signal: AbortSignal): Promise<SchemaReading | undefined> {
  const [applied, releases] = await Promise.all([
    rowsOf(api, ref, { query: 'select version from supabase_migrations.schema_migrations order by version' }, signal),
    rowsOf(api, ref, { query: 'select id as version from jv_staging.releases where environment = $1', parameters: [environment] }, signal),
  ]);
  if (applied === undefined || releases === undefined) return undefined;
  return { applied, releases: releases.length };
}

const rowsSchema = z.array(z.object({ version: z.string() }));

async function rowsOf(
  api: ApiClient,
  ref: string,
  json: { readonly query: string; readonly parameters?: readonly string[] },
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const path = apiPath`/v1/projects/${ref}/database/query/read-only`;
  const request = { method: 'POST' as const, path, json, accept: [400, 503, 544], repeatable: true, signal };
  const answer = await api.send(request);
  // 42P01: there is no such table (or schema). Any other refusal is a database that does not answer as one yet.
  if (answer.status === 400) return /\b(?:42P01|3F000)\b/.test(answer.text) ? [] : undefined;
  if (answer.status >= 500) return undefined;
  return api.parse(request, answer, rowsSchema).map((row) => row.version);
}
