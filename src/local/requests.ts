import type { Context } from 'hono';

/** Returns the token of the Authorization header (`Bearer` or GitHub's `token`); empty when there is none. */
export function tokenOf(c: Context): string {
  return /^(?:Bearer|token)\s+(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
}

/** Returns the fields of a JSON object, none for an empty body, or undefined when the body is something else. */
export async function fieldsOf(c: Context): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value: unknown = JSON.parse((await c.req.text()) || '{}');
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True for an object that is no list. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a field that is a text, or undefined. */
export function textIn(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

/** Returns the texts of a field that is a list; empty for any other. */
export function textsIn(fields: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Returns a whole number of the query within bounds, or `otherwise`. */
export function numberIn(c: Context, name: string, otherwise: number, bounds: { readonly from: number; readonly to: number }): number {
  const value = Number(c.req.query(name) ?? otherwise);
  return Number.isInteger(value) ? Math.min(Math.max(value, bounds.from), bounds.to) : otherwise;
}
