import type { ApiKey } from '../keys.ts';
import type { Project } from '../project.ts';

/** Returns a project as the platform shows it. */
export function projectAnswer(project: Project, postgresVersion: string) {
  return {
    id: project.ref,
    ref: project.ref,
    organization_id: project.organization,
    organization_slug: project.organization,
    name: project.name,
    region: project.region,
    created_at: project.createdAt,
    status: project.status,
    database: {
      host: '127.0.0.1',
      version: postgresVersion,
      postgres_engine: postgresVersion.split('.')[0] ?? '15',
      release_channel: 'ga',
    },
  };
}

/** Returns a project as the list of an organisation shows it. */
export function listedProject(project: Project) {
  // A database knows fewer states than its project (OpenAPI file of 2026-06-01).
  const { ref, name, region, status, createdAt } = project;
  const states = { PAUSING: 'GOING_DOWN', INACTIVE: 'GOING_DOWN', RESTORE_FAILED: 'INIT_FAILED' } as const;
  const databaseStatus = status === 'PAUSING' || status === 'INACTIVE' || status === 'RESTORE_FAILED' ? states[status] : status;
  const database = { identifier: ref, type: 'PRIMARY', status: databaseStatus, region, cloud_provider: 'AWS', infra_compute_size: 'micro' };
  const isBranch = project.parent !== undefined;
  return { ref, name, cloud_provider: 'AWS', region, is_branch: isBranch, status, inserted_at: createdAt, databases: [database] };
}

/** Returns a key as the platform shows it: secret ones only when asked to reveal them. */
export function keyAnswer(key: ApiKey, reveal: boolean) {
  const prefix = key.key.slice(0, `sb_${key.type}_`.length + 5);
  return {
    id: key.id,
    type: key.type,
    name: key.name,
    description: key.description,
    prefix,
    api_key: reveal || key.type === 'publishable' ? key.key : `${prefix}${'·'.repeat(16)}`,
    secret_jwt_template: key.jwtTemplate ?? null,
    inserted_at: key.createdAt,
    updated_at: key.updatedAt,
  };
}

/** Returns a project's pooler as the platform shows it; the password is never in the connection string. */
export function poolerAnswer(
  project: Project,
  pooler: { readonly host: string; readonly port: number; readonly database: string; readonly user: string },
) {
  const text = `postgresql://${pooler.user}:[YOUR-PASSWORD]@${pooler.host}:${pooler.port}/${pooler.database}`;
  return {
    identifier: project.ref,
    database_type: 'PRIMARY',
    is_using_scram_auth: true,
    db_user: pooler.user,
    db_host: pooler.host,
    db_port: pooler.port,
    db_name: pooler.database,
    connection_string: text,
    connectionString: text,
    default_pool_size: project.pooler.poolSize,
    max_client_conn: project.pooler.maxClients,
    pool_mode: project.pooler.mode,
  };
}
