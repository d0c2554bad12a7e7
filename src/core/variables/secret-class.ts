/** What a key of a payment or sign-in vendor opens: real money and real users, or a sandbox. */
export type KeyMode = 'live' | 'test';

/**
 * Returns the mode that a key carries in its own prefix, or undefined when it carries none. Stripe and Clerk use the same words
 * (https://docs.stripe.com/keys, https://clerk.com/docs/deployments/clerk-environment-variables, read 2026-11-22).
 */
export function keyModeOf(value: string): KeyMode | undefined {
  const mode = /^(?:sk|rk|pk)_(live|test)_/.exec(value)?.[1];
  return mode === 'live' || mode === 'test' ? mode : undefined;
}

/** What a Supabase key says of itself. */
export interface KeyClaims {
  readonly role: unknown;
  /** The project that it opens. */
  readonly ref: unknown;
}

/** Returns the claims `role` and `ref` of a legacy Supabase key (a JWT), or undefined for anything else. */
export function keyClaimsOf(token: string): KeyClaims | undefined {
  const start = token.indexOf('eyJ');
  const payload = start === -1 || token.length > 8192 ? undefined : token.slice(start).split('.')[1];
  if (payload === undefined || !payload.startsWith('eyJ')) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    if (typeof claims !== 'object' || claims === null) return undefined;
    return { role: Reflect.get(claims, 'role'), ref: Reflect.get(claims, 'ref') };
  } catch {
    return undefined;
  }
}

/** Returns true for a Supabase key that passes row-level security: the legacy `service_role` token, or a new-style secret key. */
export function isServiceKey(value: string): boolean {
  return keyClaimsOf(value)?.role === 'service_role' || /^sb_secret_\w{8}/.test(value);
}

/** Returns true when a variable of this name is sent to browsers by the frameworks that Vercel builds. */
export function isPublicName(name: string): boolean {
  return /^(?:NEXT_PUBLIC|VITE|PUBLIC|NUXT_PUBLIC|REACT_APP|GATSBY|EXPO_PUBLIC)_/.test(name);
}
