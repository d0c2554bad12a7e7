import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { DatabasePlatform } from '../../core/ports/database.ts';
import type { PreviewDatabase, PreviewDatabases } from '../../core/ports/previews.ts';
import { previewDatabaseName, slugOfDatabase } from '../../core/preview/names.ts';
import type { PreviewDatabaseChoice } from '../../core/settings.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { createOnce } from '../http/create-once.ts';
import { supabasePreviewProjects } from './supabase-preview-projects.ts';

/** Whose previews, and what their databases are made as. */
export interface PreviewDatabaseOptions {
  /** The environment's name. */
  readonly staging: string;
  readonly choice: PreviewDatabaseChoice;
  /** Returns the password of a project of this name: the same one each time. */
  readonly passwordFor: (project: string) => Promise<string>;
}

// Shapes: contracts.md §2.3 (OpenAPI file of 2026-06-01: BranchResponse, BranchDetailResponse), only the fields that are used.
const branchSchema = z.object({
  id: z.string(),
  name: z.string(),
  project_ref: z.string(),
  parent_project_ref: z.string(),
  is_default: z.boolean(),
  created_at: z.string(),
});
const detailSchema = z.object({ db_pass: z.string().optional() });

/** "Feature requires a higher plan" (the same file, of backup schedules; of branches it lists no refusal at all). */
const notInPlan = 402;

/** Returns the port over Supabase's Management API: branches of the staging project, or projects of their own beside it. */
export function supabasePreviewDatabases(
  api: ApiClient,
  databases: Pick<DatabasePlatform, 'create'>,
  options: PreviewDatabaseOptions,
): PreviewDatabases {
  const projects = supabasePreviewProjects(api, databases, options);
  const list = async (ref: string, signal: AbortSignal) =>
    (await Promise.all([listBranches(api, ref, signal), projects.list(signal)])).flat();
  return {
    list,
    ownProjects: projects.list,
    create: async (parent, slug, signal) => {
      const existing = (await list(parent.ref, signal)).find((database) => database.slug === slug);
      if (existing !== undefined) return existing;
      const branch = options.choice === 'project' ? 'not in plan' : await makeBranch(api, parent.ref, { slug, ...options }, signal);
      return branch === 'not in plan' ? projects.create(parent.region, slug, signal) : branch;
    },
    password: (database, signal) =>
      database.kind === 'project' ? options.passwordFor(database.name) : branchPassword(api, database, signal),
    remove: async ({ kind, id, ref }, signal) => {
      const path = kind === 'project' ? apiPath`/v1/projects/${ref}` : apiPath`/v1/branches/${id}`;
      await api.send({ method: 'DELETE', path, accept: [404], signal });
    },
  };
}

async function branchPassword(api: ApiClient, { id, name }: PreviewDatabase, signal: AbortSignal): Promise<string> {
  const { db_pass: password } = await api.read({ method: 'GET', path: apiPath`/v1/branches/${id}`, signal }, detailSchema);
  if (password !== undefined && password !== '') return password;
  throw new StagingError('vendor', 'PREVIEW_DATABASE_CLOSED', `Supabase does not tell the password of the branch ${name}.`, {
    fix: 'Use an access token that may read the branch’s secrets.',
  });
}

/** A plan without branches has none to list. */
async function listBranches(api: ApiClient, ref: string, signal: AbortSignal): Promise<readonly PreviewDatabase[]> {
  const request = { method: 'GET' as const, path: apiPath`/v1/projects/${ref}/branches`, accept: [notInPlan], signal };
  const answer = await api.send(request);
  if (answer.status === notInPlan) return [];
  const branches = api.parse(request, answer, z.array(branchSchema));
  return branches.filter((branch) => !branch.is_default && branch.parent_project_ref === ref).flatMap((branch) => databaseOf(branch) ?? []);
}

/** With `auto` a plan that has no branches is no failure; every other refusal is, and a second way is never taken unasked. */
async function makeBranch(
  api: ApiClient,
  ref: string,
  { slug, choice }: { readonly slug: string; readonly choice: PreviewDatabaseChoice },
  signal: AbortSignal,
): Promise<PreviewDatabase | 'not in plan'> {
  const find = async () => (await listBranches(api, ref, signal)).find((database) => database.slug === slug);
  return createOnce<PreviewDatabase | 'not in plan'>(async () => {
    const path = apiPath`/v1/projects/${ref}/branches`;
    const json = { branch_name: previewDatabaseName(slug), persistent: false, with_data: false };
    const request = { method: 'POST' as const, path, json, accept: [400, 402, 403, 422], attemptMs: 60_000, signal };
    const answer = await api.send(request);
    const made = answer.status < 400 ? databaseOf(api.parse(request, answer, branchSchema)) : undefined;
    if (made !== undefined) return made;
    if (answer.status === notInPlan && choice === 'auto') return 'not in plan';
    throw new StagingError(
      'vendor',
      'PREVIEW_DATABASE_UNSUPPORTED',
      `Supabase made no branch of project ${ref}: it answered with status ${answer.status}.`,
      {
        fix: "Turn branching on for the project and raise its limit, remove previews (`jv-staging preview gc --dry-run`), or give each preview a Supabase project of its own: `supabase: { previews: 'project' }` in the configuration.",
        cause: api.refusal(request, answer),
      },
    );
  }, find);
}

function databaseOf({ id, project_ref: ref, name, created_at: created }: z.infer<typeof branchSchema>): PreviewDatabase | undefined {
  const slug = slugOfDatabase(name);
  return slug === undefined ? undefined : { kind: 'branch', slug, id, ref, name, createdAt: new Date(created).toISOString() };
}
