import { keyClaimsOf } from '../variables/secret-class.ts';
import type { ProductionSettings } from '../settings.ts';

/** What must not appear in what the app sends to browsers. */
export interface Forbidden {
  /** Plain texts. */
  readonly texts: readonly string[];
  readonly production: ProductionSettings;
  /** Secret values by the name of their variable; a leak is told by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** No identities: for addresses that are tested without a configuration. */
export const noProduction: ProductionSettings = { domains: [], vercelProjects: [], supabaseProjects: [], upstashDatabases: [] };

/** Returns what of the forbidden is in `text`, in words without a secret; empty when nothing is. */
export function leaksIn(text: string, { texts, production, secrets }: Forbidden): readonly string[] {
  const lower = text.toLowerCase();
  const tokens = [...text.matchAll(/[\w.-]{20,}/g)].map(([token]) => token);
  return [
    ...texts.filter((part) => text.includes(part)).map((part) => `"${part}"`),
    ...production.domains.filter((domain) => mentionsHost(lower, domain)).map((domain) => `production host ${domain}`),
    ...production.vercelProjects
      .filter((project) => mentionsHost(lower, `${project}.vercel.app`))
      .map((project) => `production host ${project}.vercel.app`),
    ...production.supabaseProjects
      .filter((ref) => mentionsName(text, ref) || tokens.some((token) => keyClaimsOf(token)?.ref === ref))
      .map((ref) => `production Supabase project ${ref}`),
    ...production.upstashDatabases.filter((name) => mentionsName(text, name)).map((name) => `production Upstash database ${name}`),
    ...(tokens.some((token) => keyClaimsOf(token)?.role === 'service_role') || /\bsb_secret_\w{8}/.test(text)
      ? ['a Supabase service key']
      : []),
    ...Object.entries(secrets)
      .filter(([, value]) => value.length >= 8 && text.includes(value))
      .map(([name]) => `the value of ${name}`),
  ];
}

/** Returns true when `host` itself is named as a host in a lower-case text (not `staging.host`, not an e-mail address of it). */
function mentionsHost(text: string, host: string): boolean {
  return occurrences(text, host.toLowerCase()).some((at) => {
    const before = text.charAt(at - 1);
    const after = text.slice(at + host.length, at + host.length + 2);
    if (/^[\w-]/.test(after) || /^\.\w/.test(after)) return false;
    if (before === '@') return /:\/\/[^\s"'<>@/]*$/.test(text.slice(Math.max(0, at - 200), at - 1));
    // An escaped slash ends in a letter: https%3A%2F%2Fhost, https:\u002F\u002Fhost.
    return !/[\w.-]/.test(before) || /(?:%2f|\\u002f)$/.test(text.slice(Math.max(0, at - 6), at));
  });
}

/** Returns true when `name` stands as a word of its own (hyphens and underscores join words). */
function mentionsName(text: string, name: string): boolean {
  return occurrences(text, name).some((at) => !/[\w-]/.test(text.charAt(at - 1)) && !/[\w-]/.test(text.charAt(at + name.length)));
}

function occurrences(text: string, part: string): readonly number[] {
  const found: number[] = [];
  if (part === '') return found;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found.push(at);
  return found;
}
