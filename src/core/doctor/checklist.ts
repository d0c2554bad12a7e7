import type { StagingSettings } from '../settings.ts';
import type { Finding } from '../verdict.ts';

/** Kinds of things of production that the configuration can name. */
const named = [
  ['vercelProjects', 'Vercel project'],
  ['supabaseProjects', 'Supabase project'],
  ['upstashDatabases', 'Upstash database'],
] as const;

/**
 * Returns whether production is named well enough to be kept away from: what is not named cannot be recognised. On the local cloud there
 * is no production but its own.
 */
export function isolationFinding({ production, target }: Pick<StagingSettings, 'production' | 'target'>): Finding {
  const about = { id: 'isolation', title: 'Isolation from production', expected: 'project, databases and domain of production named' };
  const lacking = named.filter(([key]) => production[key].length === 0);
  if (target === 'local') return { ...about, verdict: 'skipped', seen: 'the target is the local cloud, which has a production of its own' };
  if (lacking.length === 0) return { ...about, verdict: 'green', seen: 'all are named; `doctor isolation` proves it by 8 points' };
  const keys = lacking.map(([key]) => `\`production.${key}\``).join(', ');
  return {
    ...about,
    verdict: 'skipped',
    seen: `unknown: no ${lacking.map(([, what]) => what).join(', no ')} is named`,
    fix: `Name them under ${keys}, unless production has none, then run \`jv-staging doctor isolation\`.`,
  };
}

/** Returns whether CI stages this repository; `path` is where the workflow lies or would lie, undefined outside of a repository. */
export function workflowFinding(path: string | undefined, isThere: boolean): Finding {
  const about = { id: 'ci', title: 'GitHub workflow', expected: 'written, where GitHub stages this repository' };
  if (isThere && path !== undefined) return { ...about, verdict: 'green', seen: path };
  const seen = path === undefined ? 'not in a git repository' : 'not written';
  return { ...about, verdict: 'skipped', seen, fix: 'Run `jv-staging ci init`.' };
}
