import type { GeneratedFile } from '../files/generated.ts';
import type { Repository } from './repository.ts';

/** Rows and users that a new environment is seeded with: one user, whom checks may sign in as. */
export const emptySeed = { version: 1, auth: [{ email: 'agent1@staging.test' }], tables: [] };

/** Returns the files of a new environment that hold nothing of what stood there before; those that are there already are left alone. */
export function startingFiles(repository: Repository, path: (name: string) => string): readonly GeneratedFile[] {
  const { appDir, framework, vercel } = repository;
  const { hasMigrations } = repository.supabase;
  const settings = framework === undefined || vercel.hasSettings ? undefined : { settings: { framework: framework.slug } };
  return [
    ...(repository.hasSeed ? [] : [{ path: path('seed/demo.json'), text: `${JSON.stringify(emptySeed, null, 2)}\n` }]),
    // Settings and no project: `vercel build` asks for nobody's account, and to every other command of it the folder is not linked.
    ...(settings === undefined ? [] : [{ path: path(`${appDir}/.vercel/project.json`), text: `${JSON.stringify(settings, null, 2)}\n` }]),
    // git keeps no empty folder, and a folder that is missing is an error.
    ...(hasMigrations ? [] : [{ path: path('supabase/migrations/.gitkeep'), text: '' }]),
  ];
}
