import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';

const entry = join(import.meta.dirname, '../clients/node_modules/@vercel/sdk/esm/index.js');

interface Named {
  readonly id: string;
  readonly uid: string;
  readonly name: string;
  readonly alias: string;
  readonly key: string;
}

/**
 * What the tests read of the library's answers. Its own types are not imported: the type check of the repository would need the
 * clients installed. The library checks the shapes itself, when it runs.
 */
interface SdkAnswer extends Named {
  readonly url: string;
  readonly user: Named;
  readonly teams: readonly Named[];
  readonly envs: readonly Named[];
  readonly domains: readonly Named[];
  readonly aliases: readonly Named[];
  readonly deployments: readonly Named[];
  readonly failed: readonly unknown[];
  readonly pagination: { readonly next: number | null };
  readonly verified: boolean;
  readonly verification?: readonly { readonly value: string }[];
  readonly readyState: string;
  readonly protectionBypass: Readonly<Record<string, unknown>>;
}

type Calls<Name extends string> = Readonly<Record<Name, (request?: object) => Promise<SdkAnswer>>>;

/** The vendor's own library, as far as the tests call it. */
export interface VercelSdk {
  readonly user: Calls<'getAuthUser'>;
  readonly teams: Calls<'getTeam' | 'getTeams'>;
  readonly projects: Calls<
    | 'addProjectDomain'
    | 'batchRemoveProjectEnv'
    | 'createProject'
    | 'createProjectEnv'
    | 'deleteProject'
    | 'editProjectEnv'
    | 'filterProjectEnvs'
    | 'getProject'
    | 'getProjectDomain'
    | 'getProjectDomains'
    | 'getProjectEnv'
    | 'getProjects'
    | 'listPromoteAliases'
    | 'removeProjectDomain'
    | 'requestPromote'
    | 'requestRollback'
    | 'updateProject'
    | 'updateProjectDomain'
    | 'updateProjectProtectionBypass'
    | 'verifyProjectDomain'
  >;
  readonly environment: Calls<'createCustomEnvironment' | 'getCustomEnvironment' | 'removeCustomEnvironment' | 'updateCustomEnvironment'>;
  readonly domains: Calls<'getDomainConfig' | 'getDomains'>;
  readonly dns: Calls<'createRecord'>;
  readonly deployments: Calls<
    'cancelDeployment' | 'createDeployment' | 'deleteDeployment' | 'getDeployment' | 'getDeploymentEvents' | 'getDeployments' | 'uploadFile'
  >;
  readonly aliases: Calls<'assignAlias' | 'deleteAlias' | 'getAlias' | 'listAliases'>;
}

/** Returns the vendor's own library for a local cloud; it asks once, so that a test sees each answer. */
export async function vercelSdk({ vercel }: Pick<LocalEndpoints, 'vercel'>): Promise<VercelSdk> {
  const library: { readonly Vercel: new (options: object) => VercelSdk } = await import(pathToFileURL(entry).href);
  return new library.Vercel({ bearerToken: vercel.token, serverURL: vercel.apiUrl, retryConfig: { strategy: 'none' } });
}
