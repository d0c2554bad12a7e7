import type { Fields, FieldValue } from '../../core/plan/model.ts';
import { apiPath } from '../http/api-path.ts';
import type { VercelApi } from './vercel-api.ts';

/** Settings that one PATCH of the project takes, by our name (OpenAPI file of 2025-10-29, updateProject). */
const projectSettings: Readonly<Record<string, string>> = {
  region: 'serverlessFunctionRegion',
  nodeVersion: 'nodeVersion',
  autoAssignDomains: 'autoAssignCustomDomains',
  framework: 'framework',
  buildCommand: 'buildCommand',
  installCommand: 'installCommand',
  outputDirectory: 'outputDirectory',
  rootDirectory: 'rootDirectory',
  ignoredBuildStep: 'commandForIgnoringBuildStep',
};

/** Writes these settings of a project: one call for those of the project itself, one each for link, branch and bypass. */
export async function changeProject(api: VercelApi, projectId: string, fields: Fields, signal: AbortSignal): Promise<void> {
  const json = Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]): [string, FieldValue][] => {
      const key = projectSettings[name];
      return key === undefined ? [] : [[key, value]];
    }),
  );
  const path = apiPath`/v9/projects/${projectId}`;
  if (Object.keys(json).length > 0) await api.send({ method: 'PATCH', path, json, repeatable: true, signal });
  await linkRepository(api, projectId, fields, signal);
  const { productionBranch, protectionBypass } = fields;
  if (typeof productionBranch === 'string') {
    // How the vendor's own client does it (contracts.md §1.2); it is not in the OpenAPI file.
    const branchPath = apiPath`/v9/projects/${projectId}/branch`;
    await api.send({ method: 'PATCH', path: branchPath, json: { branch: productionBranch }, repeatable: true, signal });
  }
  if (protectionBypass === true) {
    await api.send({ method: 'PATCH', path: apiPath`/v1/projects/${projectId}/protection-bypass`, json: { generate: {} }, signal });
  }
}

async function linkRepository(api: VercelApi, projectId: string, { gitRepository }: Fields, signal: AbortSignal): Promise<void> {
  if (typeof gitRepository !== 'string') return;
  const [type, repo] = gitRepository.split(':');
  await api.send({ method: 'POST', path: apiPath`/v9/projects/${projectId}/link`, json: { type, repo }, repeatable: true, signal });
}
