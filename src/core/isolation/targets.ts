import { addressOf, foreignSign, type IsolationFacts, type IsolationPoint, pointOf, type Sign, type StagingVariable } from './facts.ts';
import { addressText, isBelow, type ServiceAddress, serviceAddress } from '../service-address.ts';
import { isLoopback } from '../loopback.ts';

/** A kind of place that staging's app writes to, found by the names of its variables. */
interface TargetKind {
  readonly id: string;
  readonly title: string;
  readonly expected: string;
  readonly names: RegExp;
  /** Production's, from the configuration, and where it stands there. */
  readonly production: readonly string[];
  readonly setting: string;
  /** What it means that no variable of this kind is set. */
  readonly none: string;
  /** Why an address is harmless whatever the configuration says, or undefined. */
  harmless(address: ServiceAddress): string | undefined;
}

/** Returns the point on file storage. */
export function storagePoint(facts: IsolationFacts): IsolationPoint {
  return targetPoint(facts, {
    id: 'storage',
    title: 'Storage',
    expected: 'buckets of its own',
    names:
      /(?:BUCKET|STORAGE_(?:URL|HOST|ENDPOINT|NAME)|S3_(?:URL|ENDPOINT|HOST)|BLOB_READ_WRITE_TOKEN|CLOUDINARY_(?:URL|CLOUD_NAME)|CDN_URL)$/,
    production: facts.production.storage ?? [],
    setting: 'production.storage',
    none: 'no variable names a storage: only the buckets of its own Supabase project',
    harmless: ({ host, port }) => (ownAddress(facts, host, port) ? "staging's own Supabase project" : undefined),
  });
}

/** Mail servers that only catch mail: they deliver to nobody. */
const mailSinks = ['sandbox.smtp.mailtrap.io', 'ethereal.email', 'mailhog', 'mailpit', 'inbucket', 'maildev'];

/** Returns the point on mail: what staging sends must end in a sink. */
export function mailPoint(facts: IsolationFacts): IsolationPoint {
  return targetPoint(facts, {
    id: 'mail',
    title: 'Mail',
    expected: 'a sink that delivers to nobody',
    names:
      /(?:(?:SMTP|MAIL|EMAIL)(?:_SERVER)?(?:_(?:URL|HOST|HOSTNAME|SERVER))|EMAIL_SERVER|(?:RESEND|SENDGRID|POSTMARK|MAILGUN|SES)_\w*(?:KEY|TOKEN|URL))$/,
    production: facts.production.mail ?? [],
    setting: 'production.mail',
    none: 'no variable names a mail server',
    harmless: ({ host }) => (isLoopback(host) || mailSinks.some((sink) => isBelow(host, sink)) ? 'a sink' : undefined),
  });
}

/** Returns the point on webhooks: neither variables nor triggers of the database may call production. */
export function webhookPoint(facts: IsolationFacts): IsolationPoint {
  const { production, domain, databaseSays } = facts;
  const kind: TargetKind = {
    id: 'webhooks',
    title: 'Webhook targets',
    expected: 'no address of production',
    names: /(?:WEBHOOK(?:S)?(?:_(?:URL|TARGET|ENDPOINT|HOST))?|CALLBACK_URL|HOOK_URL)$/,
    production: production.webhooks ?? [],
    setting: 'production.webhooks',
    none: 'no variable names a webhook, and none leads to a domain of production',
    harmless: ({ host }) => (host === domain || isLoopback(host) ? "staging's own" : undefined),
  };
  const intoProduction = facts.variables.flatMap((variable) => domainSign(variable, production.domains));
  const triggers = (databaseSays?.webhooks ?? []).map((target) => triggerSign(target, kind, production.domains));
  const signs = [...intoProduction, ...triggers];
  const point = targetPoint(facts, kind, signs);
  return point;
}

function targetPoint(facts: IsolationFacts, kind: TargetKind, more: readonly Sign[] = []): IsolationPoint {
  const found = facts.variables.filter((variable) => kind.names.test(variable.name)).map((variable) => targetSign(variable, kind));
  const signs = [...more, ...found];
  return pointOf(kind.id, kind.title, kind.expected, signs.length === 0 ? [{ verdict: 'pass', seen: kind.none }] : signs);
}

function targetSign(variable: StagingVariable, kind: TargetKind): Sign {
  const { name, origin, value } = variable;
  if (origin === 'foreign' || value === undefined) return foreignSign(variable);
  const address = addressOf(variable) ?? serviceAddress(value);
  const seen = `${name} is ${shownTarget(variable, address)}`;
  const target = blobStoreOf(value) ?? value;
  const shared = kind.production.find((entry) => isTarget(entry, address, target));
  if (shared !== undefined)
    return { verdict: 'fail', seen: `${seen}, which is production's`, fix: `Set ${name} to one that staging has of its own.` };
  const harmless = address === undefined ? undefined : kind.harmless(address);
  if (harmless !== undefined) return { verdict: 'pass', seen: `${seen}: ${harmless}` };
  if (kind.production.length > 0) return { verdict: 'pass', seen: `${seen}, none of production's` };
  return {
    verdict: 'unknown',
    seen: `${seen}, and the configuration does not say what is production's`,
    fix: `Name production's under \`${kind.setting}\`.`,
  };
}

function triggerSign(target: string, kind: TargetKind, domains: readonly string[]): Sign {
  const address = serviceAddress(target);
  const seen = `a trigger of the database calls ${address === undefined ? 'an address' : addressText(address)}`;
  const isProductions =
    kind.production.some((entry) => isTarget(entry, address, target)) || domains.some((domain) => address?.host === domain);
  if (isProductions) return { verdict: 'fail', seen: `${seen}, which is production's`, fix: 'Drop the trigger, or point it at staging.' };
  if (address !== undefined && kind.harmless(address) !== undefined) return { verdict: 'pass', seen };
  if (kind.production.length > 0) return { verdict: 'pass', seen: `${seen}, none of production's` };
  return { verdict: 'unknown', seen, fix: `Name production's under \`${kind.setting}\`.` };
}

/** A domain of production in any variable: the app would call it, or send people there. */
function domainSign(variable: StagingVariable, domains: readonly string[]): readonly Sign[] {
  const address = addressOf(variable);
  if (address === undefined || !domains.includes(address.host)) return [];
  return [
    {
      verdict: 'fail',
      seen: `${variable.name} leads to ${address.host}, a domain of production`,
      fix: `Set ${variable.name} to an address of staging.`,
    },
  ];
}

function isTarget(entry: string, address: ServiceAddress | undefined, value: string): boolean {
  if (entry === value) return true;
  if (address === undefined) return false;
  if (entry === address.host || entry === `${address.host}:${address.port}` || entry === address.path) return true;
  const wanted = serviceAddress(entry);
  return wanted !== undefined && wanted.host === address.host && wanted.port === address.port && value.startsWith(entry);
}

/** `vercel_blob_rw_<store>_<secret>` names its store (https://vercel.com/docs/vercel-blob, read 2026-11-22). */
function blobStoreOf(value: string): string | undefined {
  return /^vercel_blob_rw_([^_]+)_/.exec(value)?.[1];
}

function shownTarget({ value, class: secrecy }: StagingVariable, address: ServiceAddress | undefined): string {
  const store = blobStoreOf(value ?? '');
  if (store !== undefined) return `a token of store ${store}`;
  if (address !== undefined) return address.port === 0 ? address.host : addressText(address);
  return secrecy === 'secret' ? 'a key that names no target' : JSON.stringify(value);
}

function ownAddress({ database }: IsolationFacts, host: string, port: number): boolean {
  return database?.addresses.some((each) => each.host === host && each.port === port) ?? false;
}
