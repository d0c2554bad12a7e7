import { StagingError } from '../errors.ts';
import type { GeneratedFile } from '../files/generated.ts';
import { printable } from '../printable.ts';
import type { Repository } from './repository.ts';

/** Variables that the route reads, beside those that Vercel sets. */
const variables = [
  'APP_ENVIRONMENT',
  'NEXT_PUBLIC_SUPABASE_URL',
  'SENTRY_ENVIRONMENT',
  'SUPABASE_SERVICE_ROLE_KEY',
  'UPSTASH_REDIS_REST_TOKEN',
  'UPSTASH_REDIS_REST_URL',
] as const;

/** How a route says that it is asked anew each time: `connection` is there from Next.js 15 on, and with `cacheComponents` 16 takes nothing else. */
const fresh = {
  connection: { top: "import { connection } from 'next/server';\n", first: '  await connection();\n' },
  dynamic: { top: "export const dynamic = 'force-dynamic';\n", first: '' },
} as const;

/** Returns the route as TypeScript; as JavaScript once ` as const` is taken out. */
function routeText({ top, first }: (typeof fresh)[keyof typeof fresh]): string {
  return `// Written by \`jv-staging init --health\`: staging is proven by what this says. Database and Redis are asked each time.
${top}
export async function GET() {
${first}  const { env } = process;
  const key = env.SUPABASE_SERVICE_ROLE_KEY ?? '';
  const options = { cache: 'no-store', signal: AbortSignal.timeout(3000) } as const;
  const asked = await Promise.allSettled([
    fetch(\`\${env.NEXT_PUBLIC_SUPABASE_URL}/rest/v1/\`, { ...options, headers: { apikey: key, authorization: \`Bearer \${key}\` } }),
    fetch(\`\${env.UPSTASH_REDIS_REST_URL}/ping\`, { ...options, headers: { authorization: \`Bearer \${env.UPSTASH_REDIS_REST_TOKEN}\` } }),
  ]);
  const [database, redis] = asked.map((answer) => answer.status === 'fulfilled' && answer.value.ok);
  const { rss, heapUsed } = process.memoryUsage();
  const health = {
    status: database && redis ? 'ok' : 'degraded',
    environment: env.APP_ENVIRONMENT,
    version: env.VERCEL_GIT_COMMIT_SHA,
    deployment: env.VERCEL_DEPLOYMENT_ID,
    database: database ? 'connected' : 'disconnected',
    redis: redis ? 'connected' : 'disconnected',
    sentry: { environment: env.SENTRY_ENVIRONMENT },
    memory: { rssBytes: rss, heapUsedBytes: heapUsed },
  };
  return Response.json(health, { status: database && redis ? 200 : 503, headers: { 'cache-control': 'no-store' } });
}
`;
}

/**
 * Returns the repository as it is with a health route of ours, and that file; the repository unchanged when it has one already. Throws
 * `INIT_HEALTH_UNKNOWN` (kind `usage`) for an app without Next.js's App Router.
 */
export function withHealthRoute(
  repository: Repository,
  path: (name: string) => string,
): { readonly repository: Repository; readonly files: readonly GeneratedFile[] } {
  const { appDir, framework, healthRoute, router } = repository;
  if (healthRoute !== undefined) return { repository, files: [] };
  if (framework?.slug !== 'nextjs' || router === undefined) {
    const message = `--health writes a route of Next.js's App Router, and ${printable(repository.folder)} has no such app.`;
    throw new StagingError('usage', 'INIT_HEALTH_UNKNOWN', message, { fix: 'Leave out --health, and let your app answer /api/health.' });
  }
  const name = `${appDir}/${router.folder}/api/health/route.${router.typescript ? 'ts' : 'js'}`;
  const text = routeText(router.nextMajor !== null && router.nextMajor < 15 ? fresh.dynamic : fresh.connection);
  const written = router.typescript ? text : text.replace(' as const;', ';');
  const names = [...new Set([...repository.variables, ...variables])];
  return { repository: { ...repository, healthRoute: name, variables: names }, files: [{ path: path(name), text: written }] };
}
