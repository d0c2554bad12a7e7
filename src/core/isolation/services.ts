import {
  addressOf,
  foreignSign,
  type IsolationFacts,
  type IsolationPoint,
  type KnownService,
  pointOf,
  type Sign,
  type StagingVariable,
} from './facts.ts';
import { keyClaimsOf } from '../variables/secret-class.ts';
import { addressText, leadsToSame, type ServiceAddress } from '../service-address.ts';

/** A kind of service that staging has of its own, and how to tell it from production's. */
interface OwnService {
  /** For people: `database`, `Redis`. */
  readonly what: string;
  readonly own: KnownService | undefined;
  readonly production: readonly KnownService[];
  /** Names and ids of production's that the configuration gives. */
  readonly identities: readonly string[];
  readonly hosts: readonly string[];
  /** Where the configuration names production's. */
  readonly setting: string;
}

/** Returns the point on the database: project, keys, connection strings, and what the database says itself. */
export function databasePoint(facts: IsolationFacts): IsolationPoint {
  const service: OwnService = {
    what: 'database',
    own: facts.database,
    production: facts.productionDatabases,
    identities: facts.production.supabaseProjects,
    hosts: facts.production.databaseHosts ?? [],
    setting: 'production.supabaseProjects',
  };
  const variables = facts.variables.filter((variable) => isDatabaseVariable(variable));
  const unproven = unprovenProjects(service);
  const signs = [ownSign(service), ...unproven, ...databaseSays(facts), ...variables.flatMap((variable) => keySigns(variable, service))];
  return pointOf('database', 'Database', 'a Supabase project of its own', [...signs, ...addressSigns(variables, service)]);
}

/**
 * A name that finds no project, and that has not the form of a project's reference, says nothing of what production is. Twenty
 * lower-case letters: contracts/supabase-management-openapi.json, `ref` of a project (pattern `^[a-z]+$`, length 20).
 */
function unprovenProjects({ production, identities, hosts }: OwnService): readonly Sign[] {
  const isKnown = (identity: string) =>
    /^[a-z]{20}$/.test(identity) || production.some(({ id, name }) => id === identity || name === identity);
  if (identities.length === 0 || hosts.length > 0 || identities.some(isKnown)) return [];
  return [
    {
      verdict: 'unknown',
      seen: `no Supabase project is found by ${identities.map((identity) => JSON.stringify(identity)).join(', ')}`,
      fix: 'Name the reference of production’s project (20 lower-case letters) under `production.supabaseProjects`.',
    },
  ];
}

/** Returns the point on Redis: the Upstash database and every address that leads to a Redis. */
export function redisPoint(facts: IsolationFacts): IsolationPoint {
  const service: OwnService = {
    what: 'Redis',
    own: facts.cache,
    production: facts.productionCaches,
    identities: facts.production.upstashDatabases,
    hosts: facts.production.redisHosts ?? [],
    setting: 'production.upstashDatabases',
  };
  const variables = facts.variables.filter((variable) => isRedisVariable(variable));
  return pointOf('redis', 'Redis', 'an Upstash database of its own', [ownSign(service), ...addressSigns(variables, service)]);
}

function isDatabaseVariable(variable: StagingVariable): boolean {
  const address = addressOf(variable);
  if (address?.scheme.startsWith('postgres') === true || (address !== undefined && /\.supabase\.(?:co|in|net)$/.test(address.host)))
    return true;
  if (keyClaimsOf(variable.value ?? '')?.ref !== undefined) return true;
  return (
    /(?:^|_)(?:DATABASE|POSTGRES|SUPABASE|PGHOST)(?:_|$)/.test(variable.name) && (address !== undefined || variable.origin === 'foreign')
  );
}

function isRedisVariable(variable: StagingVariable): boolean {
  const address = addressOf(variable);
  if (address !== undefined && (/^rediss?$/.test(address.scheme) || address.host.endsWith('.upstash.io'))) return true;
  return /(?:^|_)(?:REDIS|UPSTASH|KV)(?:_|$)/.test(variable.name) && (address !== undefined || variable.origin === 'foreign');
}

function ownSign({ what, own, production, identities, hosts, setting }: OwnService): Sign {
  if (own === undefined)
    return { verdict: 'unknown', seen: `there is no ${what} of this environment yet`, fix: 'Run `jv-staging provision`.' };
  const shared = [own.id, own.name].find((identity) => identities.includes(identity)) ?? production.find(({ id }) => id === own.id)?.name;
  if (shared !== undefined) {
    return {
      verdict: 'fail',
      seen: `${own.id} is production's (${shared})`,
      fix: 'Correct `name` in the configuration, then run `jv-staging provision`.',
    };
  }
  if (identities.length + production.length + hosts.length === 0) {
    return {
      verdict: 'unknown',
      seen: `the configuration does not say which ${what} is production's`,
      fix: `Name it under \`${setting}\`.`,
    };
  }
  return { verdict: 'pass', seen: `its own is ${own.id}` };
}

function databaseSays({ database, databaseSays: says, environment }: IsolationFacts): readonly Sign[] {
  if (database === undefined) return [];
  if (says === undefined) {
    return [
      {
        verdict: 'unknown',
        seen: 'the database could not be asked whose it is',
        fix: 'Run `jv-staging status` to see whether it answers, then run this again.',
      },
    ];
  }
  const others = says.environments.filter((name) => name !== environment);
  if (others.length === 0) return [];
  return [
    {
      verdict: 'fail',
      seen: `the database is marked as ${others.join(', ')}`,
      fix: 'Give staging a Supabase project of its own: correct `name` in the configuration, then run `jv-staging provision`.',
    },
  ];
}

/** A Supabase key opens exactly one project, and says which. */
function keySigns({ name, value, origin }: StagingVariable, { own, production, identities }: OwnService): readonly Sign[] {
  const ref = keyClaimsOf(value ?? '')?.ref;
  if (typeof ref !== 'string') return [];
  const fix = `Set ${name} to the key of staging's own project: \`from.supabase\` in the configuration.`;
  if (identities.includes(ref) || production.some(({ id }) => id === ref))
    return [{ verdict: 'fail', seen: `${name} is a key of production's project ${ref}`, fix }];
  if (own !== undefined && ref !== own.id) return [{ verdict: 'fail', seen: `${name} is a key of project ${ref}, not of ${own.id}`, fix }];
  if (own === undefined && origin !== 'resource') return [{ verdict: 'unknown', seen: `${name} is a key of project ${ref}`, fix }];
  return [{ verdict: 'pass', seen: `${name} is a key of it` }];
}

function addressSigns(variables: readonly StagingVariable[], service: OwnService): readonly Sign[] {
  const signs = variables.map((variable) => ({ variable, sign: addressSign(variable, service) }));
  const own = signs.filter(({ sign }) => sign?.verdict === 'pass').map(({ variable }) => variable.name);
  const others = signs.flatMap(({ sign }) => (sign === undefined || sign.verdict === 'pass' ? [] : [sign]));
  return own.length === 0
    ? others
    : [...others, { verdict: 'pass', seen: `${own.join(', ')} ${own.length === 1 ? 'leads' : 'lead'} to it` }];
}

function addressSign(variable: StagingVariable, service: OwnService): Sign | undefined {
  if (variable.origin === 'foreign') return foreignSign(variable);
  const address = addressOf(variable);
  if (address === undefined) return undefined;
  const { own } = service;
  const fix = `Point ${variable.name} at staging's own ${service.what}, by \`from\` in the configuration.`;
  const shared = productionNameOf(address, service);
  const seen = `${variable.name} leads to ${addressText(address)}`;
  if (shared !== undefined) return { verdict: 'fail', seen: `${seen}, which is production's (${shared})`, fix };
  if (own?.addresses.some((each) => leadsToSame(each, address)) === true) return { verdict: 'pass', seen };
  if (own !== undefined && address.projectRef !== null && service.what === 'database')
    return address.projectRef === own.id ? { verdict: 'pass', seen } : { verdict: 'fail', seen: `${seen}, not to ${own.id}`, fix };
  return { verdict: 'unknown', seen: `${seen}, which is neither staging's own nor known as production's`, fix };
}

function productionNameOf(address: ServiceAddress, { production, identities, hosts }: OwnService): string | undefined {
  const known = production.find((each) => each.id === address.projectRef || each.addresses.some((one) => leadsToSame(one, address)));
  if (known !== undefined) return known.name;
  if (address.projectRef !== null && identities.includes(address.projectRef)) return address.projectRef;
  return hosts.find((host) => host === address.host || host === `${address.host}:${address.port}`);
}
