import { StagingError } from '../../src/core/errors.ts';
import type { Fields } from '../../src/core/plan/model.ts';
import type { DatabasePlatform, DatabaseProject } from '../../src/core/ports/database.ts';
import type { ManagedDatabases, SchemaReading } from '../../src/core/ports/managed.ts';

/** A database platform in memory. */
export interface FakeDatabasePlatform extends DatabasePlatform {
  readonly managed: ManagedDatabases;
  /** Settings by ref; one that was made by `create` has an entry. */
  readonly settings: Map<string, Fields>;
  /** What the platform says of a project's schema. */
  readonly schemas: { read: (ref: string, environment: string) => SchemaReading | undefined };
  readonly projects: Map<string, DatabaseProject>;
  /** Passwords that were set after creation, by ref. */
  readonly passwords: Map<string, string>;
}

/** Returns a database platform in memory; a new project is healthy from the `looksUntilHealthy`th look at it on. */
export function fakeDatabasePlatform(looksUntilHealthy = 2): FakeDatabasePlatform {
  const projects = new Map<string, DatabaseProject>();
  const passwords = new Map<string, string>();
  const looks = new Map<string, number>();
  const settings = new Map<string, Fields>();
  const schemas: FakeDatabasePlatform['schemas'] = { read: () => undefined };
  const listed = (project: DatabaseProject): Fields => ({
    region: project.region,
    postgresVersion: settings.get(project.ref)?.['postgresVersion'] ?? '15',
    paused: project.state === 'paused',
  });
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
    passwords,
    settings,
    schemas,
    managed: {
      list: async ({ name, production }) => {
        const theirs = [...projects.values()].find((project) => production.includes(project.name) || production.includes(project.ref));
        return {
          found: [...projects.values()]
            .filter((project) => project.name === name)
            // One that nobody created through the port was there before any announcement.
            .map((project) => ({
              resource: project,
              createdAtMs: settings.has(project.ref) ? Date.UTC(2100, 0, 1) : null,
              fields: listed(project),
            })),
          production: theirs === undefined ? {} : listed(theirs),
        };
      },
      settings: async (ref, names) => Object.fromEntries(Object.entries(settings.get(ref) ?? {}).filter(([name]) => names.includes(name))),
      change: async (ref, { paused, ...fields }) => {
        const project = projects.get(ref);
        if (paused === false && project !== undefined) projects.set(ref, { ...project, state: 'starting' });
        settings.set(ref, { ...settings.get(ref), ...fields });
      },
      remove: async (ref) => {
        projects.delete(ref);
      },
      schema: async (ref, environment) => schemas.read(ref, environment),
    },
    findByName: async (name) => [...projects.values()].filter((project) => project.name === name),
    create: async ({ name, region }) => {
      // Refs are twenty lower-case letters.
      const ref = `${'a'.repeat(19)}${String.fromCharCode(97 + projects.size)}`;
      const project: DatabaseProject = { ref, name, region, state: 'starting' };
      projects.set(ref, project);
      settings.set(ref, {});
      return project;
    },
    get: async (ref) => look(ref),
    unhealthy: async (ref) => (look(ref).state === 'healthy' ? [] : ['db', 'rest']),
    setPassword: async (ref, password) => {
      passwords.set(ref, password);
    },
    addresses: async (ref) => [`https://${ref}.supabase.co`, `postgresql://postgres@db.${ref}.supabase.co:5432/postgres`],
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
