import type { z } from 'zod';
import type { DatabasePlatform } from '../../core/ports/database.ts';
import type { PreviewDatabase } from '../../core/ports/previews.ts';
import { previewProjectName, slugOfProject } from '../../core/preview/names.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { databaseProject, listProjects, projectSchema } from './supabase-database-platform.ts';

/** Projects that are one preview's database each. */
export interface PreviewProjects {
  list(signal: AbortSignal): Promise<readonly PreviewDatabase[]>;
  create(region: string, slug: string, signal: AbortSignal): Promise<PreviewDatabase>;
}

/**
 * Returns the previews' own projects, found by name alone. The password is derived from the name: a run that is cut off right after
 * creating one has lost nothing.
 */
export function supabasePreviewProjects(
  api: ApiClient,
  databases: Pick<DatabasePlatform, 'create'>,
  { staging, passwordFor }: { readonly staging: string; readonly passwordFor: (project: string) => Promise<string> },
): PreviewProjects {
  return {
    list: async (signal) => (await listProjects(api, signal)).flatMap((project) => previewOf(staging, project) ?? []),
    create: async (region, slug, signal) => {
      const name = previewProjectName(staging, slug);
      const { ref } = await databases.create({ name, region, password: await passwordFor(name) }, signal);
      const project = await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}`, signal }, projectSchema);
      return { kind: 'project', slug, id: ref, ref, name, createdAt: new Date(project.created_at).toISOString() };
    },
  };
}

/** One that is on its way out is gone. */
function previewOf(staging: string, project: z.infer<typeof projectSchema>): PreviewDatabase | undefined {
  const slug = slugOfProject(staging, project.name);
  if (slug === undefined || databaseProject(project).state === 'going-down') return undefined;
  const { ref, name, created_at: created } = project;
  return { kind: 'project', slug, id: ref, ref, name, createdAt: new Date(created).toISOString() };
}
