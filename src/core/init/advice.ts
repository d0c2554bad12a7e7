import { countOf } from '../count-of.ts';
import type { GivenAnswer } from './answers.ts';
import type { Repository } from './repository.ts';

/** Returns what the repository was seen to be, a short line each. */
export function seenIn(repository: Repository): readonly string[] {
  const { framework, appDir, supabase, variables, git } = repository;
  return [
    `app: ${framework?.name ?? 'no framework that Vercel knows'}, in ${appDir === '.' ? 'this folder' : appDir}`,
    supabase.hasMigrations
      ? `schema: ${countOf(supabase.migrations, 'migration')} in supabase/migrations`
      : 'schema: no supabase/migrations',
    variables.length === 0 ? 'variables: no example of an environment file' : `variables: ${variables.length} named by the example file`,
    git === undefined ? 'git: no repository' : `git: ${git.repository ?? 'no remote named origin'}`,
  ];
}

/** Returns what a person has to look at before the vendors are asked, a sentence each. */
export function openPoints(repository: Repository, answers: readonly GivenAnswer[]): readonly string[] {
  const production = answers.find(({ name }) => name === 'productionDomain');
  return [
    ...(production?.value.endsWith('.example') === true
      ? [`${production.value} stands for no domain: put those of production into \`production.domains\`, and yours into \`domain\`.`]
      : []),
    ...(repository.vercel.project === undefined
      ? ['`production.vercelProjects` is empty: name the project of production, so that it is never touched.']
      : []),
    ...(repository.framework === undefined ? ['No build is known: set `app.build`, or put the built app into `.vercel/output`.'] : []),
    'Search engines may find staging: send `x-robots-tag: noindex` outside of production, then take the check in `smoke.checks` in.',
    ...(repository.healthRoute === undefined
      ? [
          'No route answers /api/health: deploy and smoke are red until one names environment, commit, database and Redis (`init --health` writes one for Next.js).',
        ]
      : []),
  ];
}

/** Returns the commands that come next, in their order, each of which works at once: with the target `local` no account is needed. */
export function nextSteps({ healthRoute, router }: Pick<Repository, 'healthRoute' | 'router'>): readonly string[] {
  return [
    ...(healthRoute === undefined && router !== undefined ? ['init --health --keep'] : []),
    'doctor --target local',
    'plan --target local',
    'up --target local',
  ];
}
