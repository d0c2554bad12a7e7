import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { PreviewDatabase, PreviewDatabases } from '../../core/ports/previews.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { createOnce } from '../http/create-once.ts';

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

/** Returns the port over Supabase's Management API. */
export function supabasePreviewDatabases(api: ApiClient): PreviewDatabases {
  return {
    list: (ref, signal) => list(api, ref, signal),
    create: async (ref, name, signal) => {
      const find = async () => (await list(api, ref, signal)).find((branch) => branch.name === name);
      return (await find()) ?? createOnce(() => create(api, ref, name, signal), find);
    },
    password: async ({ id, name }, signal) => {
      const { db_pass: password } = await api.read({ method: 'GET', path: apiPath`/v1/branches/${id}`, signal }, detailSchema);
      if (password !== undefined && password !== '') return password;
      throw new StagingError('vendor', 'PREVIEW_DATABASE_CLOSED', `Supabase does not tell the password of the branch ${name}.`, {
        fix: 'Use an access token that may read the branch’s secrets.',
      });
    },
    remove: async ({ id }, signal) => {
      await api.send({ method: 'DELETE', path: apiPath`/v1/branches/${id}`, accept: [404], signal });
    },
  };
}

async function list(api: ApiClient, ref: string, signal: AbortSignal): Promise<readonly PreviewDatabase[]> {
  const branches = await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}/branches`, signal }, z.array(branchSchema));
  return branches.filter((branch) => !branch.is_default && branch.parent_project_ref === ref).map(databaseOf);
}

async function create(api: ApiClient, ref: string, name: string, signal: AbortSignal): Promise<PreviewDatabase> {
  const path = apiPath`/v1/projects/${ref}/branches`;
  const json = { branch_name: name, persistent: false, with_data: false };
  const request = { method: 'POST' as const, path, json, accept: [400, 402, 403, 422], attemptMs: 60_000, signal };
  const answer = await api.send(request);
  if (answer.status < 400) return databaseOf(api.parse(request, answer, branchSchema));
  throw new StagingError(
    'vendor',
    'PREVIEW_DATABASE_UNSUPPORTED',
    `Supabase made no branch of project ${ref}: it answered with status ${answer.status}.`,
    {
      fix: 'Turn branching on for the project and raise its limit, or remove previews: `jv-staging preview gc --dry-run`.',
      cause: api.refusal(request, answer),
    },
  );
}

function databaseOf(branch: z.infer<typeof branchSchema>): PreviewDatabase {
  return { id: branch.id, ref: branch.project_ref, name: branch.name, createdAt: new Date(branch.created_at).toISOString() };
}
