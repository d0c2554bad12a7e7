/** What placeholders in request bodies and rows may name. */
export interface PlaceholderValues {
  /** Now, in milliseconds since 1970 UTC. */
  readonly nowMs: number;
  /** The signed-in user, when there is one. */
  readonly user?: { readonly id: string; readonly email: string } | undefined;
}

const dayMs = 86_400_000;
const placeholder = /\{(user\.id|user\.email|today(?:\+(\d{1,4}))?)\}/g;

/**
 * Returns a copy of a JSON value in which every string has its placeholders filled in: `{today}` and `{today+30}` (UTC date, days
 * from now), `{user.id}` and `{user.email}` (left as they are when nobody is signed in). Fixed dates would one day lie in the past.
 */
export function fillPlaceholders(value: unknown, values: PlaceholderValues): unknown {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((item) => fillPlaceholders(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillPlaceholders(item, values)]));
}

function fillText(text: string, { nowMs, user }: PlaceholderValues): string {
  return text.replaceAll(placeholder, (whole: string, name: string, days: string | undefined) => {
    if (name === 'user.id') return user?.id ?? whole;
    if (name === 'user.email') return user?.email ?? whole;
    return new Date(nowMs + Number(days ?? 0) * dayMs).toISOString().slice(0, 10);
  });
}
