/** A credential as it was found: the name of the variable that it comes from, and its value as it stands. */
export interface Credential {
  readonly name: string;
  readonly vendor: 'Vercel' | 'Supabase' | 'Upstash';
  readonly kind: 'token' | 'team' | 'organization' | 'email' | 'key';
  readonly value: string;
}

/** Supabase's access tokens begin with this, no other vendor's do (contracts: `sbp_` and 40 hex digits). */
const supabasePrefix = 'sbp_';

/**
 * Returns what is wrong with credentials as far as their shape tells, a sentence each that never holds the value: a vendor is not asked
 * what can be seen here, and its answer would be a riddle.
 */
export function credentialProblems(credentials: readonly Credential[]): readonly string[] {
  return credentials.flatMap((credential) => {
    const problem = shapeProblem(credential) ?? swapProblem(credential, credentials);
    return problem === undefined ? [] : [`${credential.name} ${problem}`];
  });
}

function shapeProblem({ value, kind }: Credential): string | undefined {
  if (value === '') return 'is empty';
  if (value.trim() === '') return 'holds nothing but white space';
  if (/[\r\n]/.test(value)) return 'holds a line end';
  if (/^["'`].*["'`]$/.test(value.trim())) return 'stands in quotation marks';
  if (/\s/.test(value)) return 'holds white space';
  if (!/^[\x21-\x7E]+$/.test(value)) return 'holds characters that no credential has';
  return kind === 'email' && !value.includes('@') ? 'is no e-mail address' : undefined;
}

function swapProblem(credential: Credential, all: readonly Credential[]): string | undefined {
  const { vendor, kind, value } = credential;
  const isSecret = kind === 'token' || kind === 'key';
  if (!isSecret) return undefined;
  const twin = all.find((other) => other.vendor !== vendor && other.value === value && (other.kind === 'token' || other.kind === 'key'));
  if (twin !== undefined) return `has the same value as ${twin.name}`;
  const looksSupabase = value.startsWith(supabasePrefix);
  if (vendor === 'Supabase')
    return looksSupabase ? undefined : `does not begin with ${supabasePrefix}, as every Supabase access token does`;
  return looksSupabase ? `begins with ${supabasePrefix}: it is Supabase’s, not ${vendor}’s` : undefined;
}
