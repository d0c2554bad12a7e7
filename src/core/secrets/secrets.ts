import type { StagingSettings } from '../settings.ts';
import { formerKeysName } from './former-keys.ts';

/** What a rotation has to change besides the environment file and the variables: `users` are the seeded ones. */
export type SecretKind =
  | 'database-password'
  | 'user-password'
  | 'redis-token'
  | 'own'
  | 'service-key'
  | 'state-key'
  | 'former-state-key'
  | 'credential'
  | 'outside';

/** A secret that the environment has, by the name of its line in the environment file. */
export interface KnownSecret {
  readonly name: string;
  readonly kind: SecretKind;
  /** Names of the app's variables that hold it, or are made with it. */
  readonly variables: readonly string[];
}

/** Where a secret is and how old it is. */
export interface SecretPlace extends KnownSecret {
  /** `file`: a line of the environment file; `environment`: a variable of this process; null when it is in neither. */
  readonly place: 'file' | 'environment' | null;
  /** Where exactly: the file's path, or the environment. */
  readonly where: string | null;
  /** It was written before that long (ms): since the environment file was last changed. Null where nobody knows. */
  readonly atLeastMs: number | null;
  /** True while a rotation of it was begun and not ended. */
  readonly rotating: boolean;
}

const generated: readonly Pick<KnownSecret, 'name' | 'kind'>[] = [
  { name: 'JV_STATE_KEY', kind: 'state-key' },
  { name: formerKeysName, kind: 'former-state-key' },
  { name: 'STAGING_SUPABASE_DB_PASSWORD', kind: 'database-password' },
  { name: 'STAGING_USER_PASSWORD', kind: 'user-password' },
  { name: 'CRON_SECRET', kind: 'own' },
  { name: 'STAGING_SUPABASE_SERVICE_KEY', kind: 'service-key' },
  { name: 'STAGING_REDIS_TOKEN', kind: 'redis-token' },
];

const facts: Readonly<Partial<Record<SecretKind, readonly string[]>>> = {
  'database-password': ['database.poolerUrl', 'database.directUrl'],
  'redis-token': ['redis.url', 'redis.restToken'],
  'service-key': ['supabase.serviceRoleKey'],
};

/** Returns the secrets of an environment: those that the tool makes, those that the configuration refers to, and the vendors' credentials. */
export function knownSecrets(settings: StagingSettings): readonly KnownSecret[] {
  const referred = Object.values(settings.env).flatMap(({ value, class: secrecy }) =>
    typeof value === 'object' && value.kind === 'env' && secrecy === 'secret' ? [value.name] : [],
  );
  const { production, vercel, supabase, upstash } = settings;
  const credentials =
    settings.target === 'local'
      ? []
      : [vercel.token, vercel.team, supabase.accessToken, supabase.organization, upstash.email, upstash.apiKey];
  const named: readonly Pick<KnownSecret, 'name' | 'kind'>[] = [
    ...generated,
    ...referred.map((name) => ({ name, kind: 'outside' as const })),
    ...(production.database === undefined ? [] : [{ name: production.database.name, kind: 'credential' as const }]),
    ...credentials.map(({ name }) => ({ name, kind: 'credential' as const })),
  ];
  return named
    .filter(({ name }, at) => named.findIndex((other) => other.name === name) === at)
    .map(({ name, kind }) => ({ name, kind, variables: variablesWith(settings, name, facts[kind] ?? []) }));
}

function variablesWith({ env }: StagingSettings, name: string, ofKind: readonly string[]): readonly string[] {
  return Object.entries(env).flatMap(([variable, { value }]) => {
    if (typeof value === 'string') return [];
    const holds = value.kind === 'env' ? value.name === name : ofKind.includes(value.fact);
    return holds ? [variable] : [];
  });
}

/** Why a secret of this kind cannot be rotated by the tool, with what to do instead; undefined when it can. */
export function rotationProblem(kind: SecretKind): { readonly why: string; readonly fix: string } | undefined {
  switch (kind) {
    case 'former-state-key':
      return {
        why: 'it is what JV_STATE_KEY was before, and only opens what was sealed then',
        fix: 'Run `jv-staging secrets rotate JV_STATE_KEY`.',
      };
    case 'service-key':
      return {
        why: 'Supabase makes it, and its Management API rotates no legacy key',
        fix: 'Rotate it in the Supabase dashboard (Settings, API keys), then run `jv-staging provision` and `jv-staging deploy`.',
      };
    case 'credential':
    case 'outside':
      return {
        why: 'whoever issued it makes a new one, not this tool',
        fix: 'Make a new one there, then pipe it into `jv-staging secrets set NAME`.',
      };
    default:
      return undefined;
  }
}
