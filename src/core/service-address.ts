/** Where a variable's value leads, without what is secret in it. */
export interface ServiceAddress {
  /** `postgresql`, `rediss`, `https` …, without the colon. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** The first part of the path: a database's name. Empty when there is none. */
  readonly path: string;
  /** The Supabase project that host or user name, or null. */
  readonly projectRef: string | null;
}

const defaultPorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  postgres: 5432,
  postgresql: 5432,
  redis: 6379,
  rediss: 6379,
  smtp: 25,
  smtps: 465,
};

/** Returns the address that a value is, or undefined when it is none. */
export function serviceAddress(value: string): ServiceAddress | undefined {
  const parsed = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null;
  if (parsed === null || parsed.hostname === '') return undefined;
  const scheme = parsed.protocol.slice(0, -1);
  const host = parsed.hostname.toLowerCase();
  return {
    scheme,
    host,
    port: parsed.port === '' ? (defaultPorts[scheme] ?? 0) : Number(parsed.port),
    path: parsed.pathname.split('/')[1] ?? '',
    projectRef: projectRefIn(host, decoded(parsed.username)),
  };
}

/**
 * Supabase's addresses name the project: `<ref>.supabase.co`, `db.<ref>.supabase.co`, and the pooler's user `postgres.<ref>`
 * (https://supabase.com/docs/guides/database/connecting-to-postgres, read 2026-11-22).
 */
function projectRefIn(host: string, user: string): string | null {
  return /^(?:db\.)?([a-z]{20})\.supabase\.(?:co|in|net)$/.exec(host)?.[1] ?? /^[\w-]+\.([a-z]{20})$/.exec(user)?.[1] ?? null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns true when two addresses lead to the same service: the same project where both name one, otherwise host, port and database. */
export function leadsToSame(left: ServiceAddress, right: ServiceAddress): boolean {
  if (left.projectRef !== null && right.projectRef !== null) return left.projectRef === right.projectRef;
  if (left.host !== right.host || left.port !== right.port) return false;
  const isDatabase = left.scheme.startsWith('postgres') && right.scheme.startsWith('postgres');
  return !isDatabase || left.path === right.path;
}

/** Returns true when `host` is `name` itself or lies below it. */
export function isBelow(host: string, name: string): boolean {
  return host === name || host.endsWith(`.${name}`);
}

/** Returns an address as people may see it: host and port. */
export function addressText({ host, port, projectRef }: ServiceAddress): string {
  return projectRef === null || host.includes(projectRef) ? `${host}:${port}` : `${host}:${port} (project ${projectRef})`;
}
