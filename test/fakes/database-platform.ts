import { StagingError } from '../../src/core/errors.ts';
import type { DatabasePlatform, DatabaseProject } from '../../src/core/ports/database.ts';

/** A database platform in memory. */
export interface FakeDatabasePlatform extends DatabasePlatform {
  readonly projects: Map<string, DatabaseProject>;
}

/** Returns a database platform in memory; a new project is healthy from the `looksUntilHealthy`th look at it on. */
export function fakeDatabasePlatform(looksUntilHealthy = 2): FakeDatabasePlatform {
  const projects = new Map<string, DatabaseProject>();
  const looks = new Map<string, number>();
  const look = (ref: string): DatabaseProject => {
    const project = projects.get(ref);
    if (project === undefined) throw new StagingError('vendor', 'SUPABASE_REQUEST_FAILED', `There is no project ${ref}.`);
    const seen = (looks.get(ref) ?? 0) + 1;
    looks.set(ref, seen);
    const current: DatabaseProject = seen >= looksUntilHealthy ? { ...project, state: 'healthy' } : project;
    projects.set(ref, current);
    return current;
  };
  return {
    projects,
    findByName: async (name) => [...projects.values()].filter((project) => project.name === name),
    create: async ({ name, region }) => {
      // Refs are twenty lower-case letters.
      const ref = `${'a'.repeat(19)}${String.fromCharCode(97 + projects.size)}`;
      const project: DatabaseProject = { ref, name, region, state: 'starting' };
      projects.set(ref, project);
      return project;
    },
    get: async (ref) => look(ref),
    unhealthy: async (ref) => (look(ref).state === 'healthy' ? [] : ['db', 'rest']),
    access: async (ref, password) => {
      look(ref);
      const secret = encodeURIComponent(password);
      return {
        url: `https://${ref}.supabase.co`,
        anonKey: `anon-${ref}`,
        serviceRoleKey: `service-${ref}`,
        directUrl: `postgresql://postgres:${secret}@db.${ref}.supabase.co:5432/postgres`,
        poolerUrl: `postgresql://postgres.${ref}:${secret}@pooler.supabase.com:6543/postgres`,
      };
    },
  };
}
