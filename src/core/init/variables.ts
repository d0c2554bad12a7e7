import { isPublicName } from '../variables/secret-class.ts';
import { dependsOn, type Repository } from './repository.ts';

/** A variable of the app as the configuration is to have it. */
export interface WrittenVariable {
  readonly name: string;
  /** The expression of its value: `from.supabase.url`, `env('STRIPE_KEY')`, `'staging'`. */
  readonly value: string;
  readonly class: 'public' | 'secret';
  /** False: the app is deployed without it, too. */
  readonly required: boolean;
}

/** Returns the variables of the app, sorted by name: those of its example file, and those that its packages read. */
export function variablesOf(repository: Repository, name: string): readonly WrittenVariable[] {
  const names = new Set([...repository.variables.filter((variable) => !ours.test(variable)), ...ofPackages(repository)]);
  return [...names].toSorted().map((variable) => written(variable, name));
}

/** What Vercel or Node set by themselves, and what only this tool and its vendors' accounts read. */
const ours = /^(?:NODE_ENV|PORT|CI|VERCEL(?:_.*)?|NEXT_RUNTIME|JV_.*|STAGING_.*|SUPABASE_ACCESS_TOKEN|UPSTASH_EMAIL|UPSTASH_API_KEY)$/;

function ofPackages(repository: Repository): readonly string[] {
  const prefix = repository.framework?.publicPrefix ?? '';
  const has = (...packages: readonly string[]) => dependsOn(repository, ...packages);
  return [
    ...(has('@supabase/') ? [`${prefix}SUPABASE_URL`, `${prefix}SUPABASE_ANON_KEY`, 'SUPABASE_SERVICE_ROLE_KEY'] : []),
    ...(has('pg', 'postgres', '@prisma/client', 'drizzle-orm', 'kysely') ? ['DATABASE_URL'] : []),
    ...(has('bullmq', 'ioredis', 'redis') ? ['REDIS_URL'] : []),
    ...(has('@upstash/redis') ? ['UPSTASH_REDIS_REST_TOKEN', 'UPSTASH_REDIS_REST_URL'] : []),
    ...(has('@clerk/') ? ['CLERK_SECRET_KEY', `${prefix}CLERK_PUBLISHABLE_KEY`] : []),
    ...(has('@sentry/') ? [`${prefix}SENTRY_DSN`, 'SENTRY_ENVIRONMENT'] : []),
  ];
}

/** Each rule: names, the expression of the value, and whether browsers may have it. The first that fits wins. */
const known: readonly (readonly [names: RegExp, value: string, secrecy: WrittenVariable['class']])[] = [
  [/SUPABASE_URL$/, 'from.supabase.url', 'public'],
  [/SUPABASE_(?:ANON|PUBLISHABLE)_KEY$/, 'from.supabase.anonKey', 'public'],
  [/^SUPABASE_(?:SERVICE_ROLE_KEY|SERVICE_KEY|SECRET_KEY)$/, 'from.supabase.serviceRoleKey', 'secret'],
  [/^(?:DIRECT_URL|DIRECT_DATABASE_URL|DATABASE_URL_UNPOOLED|POSTGRES_URL_NON_POOLING)$/, 'from.database.directUrl', 'secret'],
  [/^(?:DATABASE_URL|POSTGRES_URL|POSTGRES_PRISMA_URL)$/, 'from.database.poolerUrl', 'secret'],
  [/^(?:REDIS_URL|KV_URL|UPSTASH_REDIS_URL)$/, 'from.redis.url', 'secret'],
  [/^(?:UPSTASH_REDIS_REST_URL|KV_REST_API_URL)$/, 'from.redis.restUrl', 'public'],
  [/^(?:UPSTASH_REDIS_REST_TOKEN|KV_REST_API_TOKEN)$/, 'from.redis.restToken', 'secret'],
  [/(?:^|_)(?:APP|SITE|BASE|NEXTAUTH|AUTH)_URL$/, 'from.app.url', 'public'],
  [/^(?:APP_ENVIRONMENT|APP_ENV|SENTRY_ENVIRONMENT|NEXT_PUBLIC_SENTRY_ENVIRONMENT)$/, "'staging'", 'public'],
  [/^LOG_LEVEL$/, "'debug'", 'public'],
];

function written(name: string, project: string): WrittenVariable {
  const rule = known.find(([names]) => names.test(name));
  if (rule !== undefined) return { name, value: rule[1], class: rule[2], required: true };
  if (/^(?:QUEUE|REDIS|BULL(?:MQ)?)_PREFIX$/.test(name)) return { name, value: `'${project}:'`, class: 'public', required: true };
  // `provision` generates this one.
  const required = name === 'CRON_SECRET';
  return { name, value: `env('${name}')`, class: isPublicName(name) ? 'public' : 'secret', required };
}
