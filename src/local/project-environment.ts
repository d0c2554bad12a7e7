import type { DataServices } from './databases.ts';
import type { Hosting } from './hosting.ts';

/** What the clients of one project need, and the names that there are when it is not found. */
export interface ProjectEnvironment {
  /** Environment variables by name: those of the parts that bear the project's name. Secret. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names of all projects and databases. */
  readonly known: readonly string[];
}

/** Where the parts of a project are found. */
export interface ProjectSources {
  readonly hosting: Hosting;
  readonly data: DataServices;
  readonly vercelToken: string;
}

/**
 * Returns what the clients of a project need, found by its name: the Vercel project, the Supabase project (also by its ref) and
 * the Redis database (also by its id). Variables of a part that does not exist are left out.
 */
export async function projectEnvironment(name: string, sources: ProjectSources): Promise<ProjectEnvironment> {
  const { supabase, upstash } = sources.data;
  const projects = await vercelProjects(sources);
  const variables = {
    ...(await vercelVariables(
      projects.find((project) => project.name === name || project.id === name),
      sources,
    )),
    ...(await supabaseVariables(name, sources.data)),
    ...(await redisVariables(name, sources.data)),
  };
  const known = [...projects, ...supabase.projects(), ...upstash.databases()].map((one) => one.name);
  return { variables, known: [...new Set(known)].toSorted() };
}

interface VercelProject {
  readonly id: string;
  readonly name: string;
}

async function vercelProjects(sources: ProjectSources): Promise<readonly VercelProject[]> {
  const body: { readonly projects?: readonly VercelProject[] } = await askVercel(sources, '/v10/projects?limit=100');
  return body.projects ?? [];
}

async function vercelVariables(project: VercelProject | undefined, sources: ProjectSources): Promise<Record<string, string>> {
  if (project === undefined) return {};
  const body: { readonly domains?: readonly { readonly name: string }[] } = await askVercel(sources, `/v9/projects/${project.id}/domains`);
  const domain = body.domains?.[0]?.name;
  const port = domain === undefined ? undefined : sources.hosting.gateway.domainPorts()[domain];
  return {
    VERCEL_PROJECT_ID: project.id,
    ...(domain === undefined ? {} : { JV_LOCAL_DOMAIN: domain }),
    ...(port === undefined ? {} : { JV_LOCAL_APP_URL: `http://127.0.0.1:${port}` }),
  };
}

/** Asks the emulated Vercel without a socket: neither ledger nor faults know of it. */
async function askVercel<Body>({ hosting, vercelToken }: ProjectSources, path: string): Promise<Body> {
  const headers = { host: '127.0.0.1', authorization: `Bearer ${vercelToken}` };
  const response = await hosting.vercel.app.fetch(new Request(`http://127.0.0.1${path}`, { headers }), {});
  return JSON.parse(await response.text());
}

async function supabaseVariables(name: string, { supabase }: DataServices): Promise<Record<string, string>> {
  const project = supabase.projects().find((one) => one.name === name || one.ref === name);
  if (project === undefined) return {};
  const { addresses, anonKey, serviceRoleKey, password } = await supabase.credentials(project.ref);
  const { direct, pooler } = addresses;
  const connection = ({ host, port, database, user }: typeof direct) =>
    `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
  return {
    SUPABASE_PROJECT_ID: project.ref,
    SUPABASE_URL: addresses.url,
    SUPABASE_ANON_KEY: anonKey,
    SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey,
    SUPABASE_DB_PASSWORD: password,
    DATABASE_URL: connection(pooler ?? direct),
    DIRECT_URL: connection(direct),
  };
}

async function redisVariables(name: string, { upstash }: DataServices): Promise<Record<string, string>> {
  const database = upstash.databases().find((one) => one.name === name || one.id === name);
  if (database === undefined) return {};
  const { restUrl, url } = await upstash.addresses(database.id);
  return { REDIS_URL: url, UPSTASH_REDIS_REST_URL: restUrl, UPSTASH_REDIS_REST_TOKEN: database.restToken };
}
