/** Where a person finds what is asked for, by the name of the variable. */
const places: Readonly<Record<string, string>> = {
  VERCEL_TOKEN: 'Vercel: account settings, Tokens',
  VERCEL_ORG_ID: 'Vercel: team settings, General, Team ID',
  SUPABASE_ACCESS_TOKEN: 'Supabase: account preferences, Access Tokens',
  SUPABASE_ORGANIZATION: 'Supabase: organization settings, General, Organization slug',
  UPSTASH_EMAIL: 'Upstash: the address that you sign in with',
  UPSTASH_API_KEY: 'Upstash: account, Management API',
  GITHUB_TOKEN: 'GitHub: a fine-grained token that reads issues and pull requests; asked for by `gate`',
};

/** Returns where a person finds the value of a variable; undefined when that is nowhere in particular. */
export function foundAt(name: string): string | undefined {
  return places[name];
}

const heading = `# Secrets of the staging environment: read by jv-staging, kept out of git, mode 0600.
# Take the # away and give the value; a variable of the shell wins. \`jv-staging provision\` adds what it generates.
# With the target \`local\` none of them is needed.
`;

/**
 * Returns the text of `.env.staging` with a commented line for each of these names that it does not know yet; what stands there stays as it
 * is, to the letter. `values` are those that are known and no secret.
 */
export function envTemplate(existing: string | undefined, names: readonly string[], values: Readonly<Record<string, string>>): string {
  const before = existing ?? heading;
  const missing = names.filter((name) => !new RegExp(String.raw`^[\s#]*(?:export\s+)?${name}\s*=`, 'm').test(before));
  if (missing.length === 0) return before;
  const lines = missing.flatMap((name) => {
    const place = foundAt(name);
    return [...(place === undefined ? [] : [`# ${place}`]), values[name] === undefined ? `# ${name}=` : `${name}=${values[name]}`];
  });
  return `${before}${before.endsWith('\n') ? '' : '\n'}\n${lines.join('\n')}\n`;
}
