import { foreignSign, type IsolationFacts, type IsolationPoint, pointOf, type Sign, type StagingVariable } from './facts.ts';
import { isPublicName, isServiceKey, keyClaimsOf, keyModeOf } from '../variables/secret-class.ts';
import { serviceAddress } from '../service-address.ts';

/** Returns the point on sign-in: no key of a Clerk instance with real users. */
export function clerkPoint(facts: IsolationFacts): IsolationPoint {
  const variables = facts.variables.filter((variable) => isClerk(variable.name));
  const signs = variables.flatMap((variable) => clerkSigns(variable, facts));
  const none: Sign = { verdict: 'pass', seen: 'no variable holds a Clerk key' };
  return pointOf('clerk', 'Clerk instance', 'an instance without real users', signs.length === 0 ? [none] : signs);
}

/** Returns the point on payments: test keys and sandboxes alone. */
export function paymentPoint(facts: IsolationFacts): IsolationPoint {
  const signs = facts.variables.filter((variable) => !isClerk(variable.name)).flatMap(paymentSigns);
  const none: Sign = { verdict: 'pass', seen: 'no variable holds a payment key' };
  return pointOf('payment', 'Payment mode', 'test mode', signs.length === 0 ? [none] : signs);
}

/** Returns the point on Sentry: events of staging must carry staging's name; Sentry's own default is `production`. */
export function sentryPoint({ variables, environment }: IsolationFacts): IsolationPoint {
  const named = variables.filter(({ name }) => /(?:^|_)SENTRY_ENVIRONMENT$/.test(name));
  const sending = variables.filter(({ name }) => /(?:^|_)SENTRY_DSN$/.test(name));
  const fix = `Set SENTRY_ENVIRONMENT to ${JSON.stringify(environment)} in \`env\` of the configuration.`;
  const signs = named.map((variable): Sign => {
    if (variable.value === undefined) return foreignSign(variable);
    const seen = `${variable.name} is ${JSON.stringify(variable.value)}`;
    return variable.value === environment ? { verdict: 'pass', seen } : { verdict: 'fail', seen, fix };
  });
  const silent: Sign =
    sending.length === 0
      ? { verdict: 'pass', seen: 'no variable holds a Sentry address' }
      : { verdict: 'fail', seen: `${sending[0]?.name ?? ''} is set without SENTRY_ENVIRONMENT, and Sentry's default is "production"`, fix };
  return pointOf('sentry', 'Sentry environment', JSON.stringify(environment), signs.length === 0 ? [silent] : signs);
}

/** Returns the point on all secrets: none with production's fingerprint, none that opens a door in a public variable. */
export function secretsPoint(facts: IsolationFacts): IsolationPoint {
  const shared = (facts.productionSecrets ?? []).map(({ variable, secret }): Sign => ({
    verdict: 'fail',
    seen: `${variable} has the fingerprint of production's ${secret}`,
    fix: `Set ${variable} to a secret of staging's own.`,
  }));
  const exposed = facts.variables.filter(isExposed).map(({ name }): Sign => ({
    verdict: 'fail',
    seen: `${name} holds a Supabase service key, which passes row-level security, and is sent to browsers`,
    fix: `Set ${name} to the anon key: \`from.supabase.anonKey\` in the configuration.`,
  }));
  const secrets = facts.variables.filter((variable) => variable.class === 'secret' || variable.origin === 'foreign');
  const open =
    facts.productionSecrets === undefined
      ? secrets.filter((variable) => !isOwn(variable, facts))
      : secrets.filter((variable) => variable.value === undefined && variable.origin === 'foreign');
  const uncompared = open.filter(({ origin }) => origin !== 'foreign');
  const unproven = [
    ...open.filter(({ origin }) => origin === 'foreign').map(foreignSign),
    ...(uncompared.length === 0 ? [] : [uncomparedSign(uncompared)]),
  ];
  const proven: Sign = { verdict: 'pass', seen: `${secrets.length} secrets, none of them production's` };
  return pointOf('secrets', 'Secrets', "no secret of production's", [...shared, ...exposed, ...unproven, proven]);
}

function uncomparedSign(variables: readonly StagingVariable[]): Sign {
  const one = variables.length === 1;
  return {
    verdict: 'unknown',
    seen: `${variables.map(({ name }) => name).join(', ')} ${one ? 'comes' : 'come'} from outside, and there is no fingerprint of production to hold ${one ? 'it' : 'them'} against`,
    fix: "List production's under `production.fingerprints`: `jv-staging doctor isolation --fingerprint` makes one of the value on stdin.",
  };
}

/** A secret that cannot be production's, by where it comes from or by what it says of itself. */
function isOwn({ value, origin }: StagingVariable, { database }: IsolationFacts): boolean {
  if (origin === 'resource' || origin === 'generated') return true;
  if (value === undefined) return origin !== 'foreign';
  return keyModeOf(value) === 'test' || (database !== undefined && keyClaimsOf(value)?.ref === database.id);
}

/** A service key where browsers see it, or where the key for browsers belongs. */
function isExposed({ name, value, class: secrecy }: StagingVariable): boolean {
  if (value === undefined || !isServiceKey(value)) return false;
  return secrecy === 'public' || isPublicName(name) || /(?:^|_)(?:ANON|PUBLISHABLE)(?:_|$)/.test(name);
}

function isClerk(name: string): boolean {
  return /(?:^|_)CLERK(?:_|$)/.test(name);
}

function clerkSigns(variable: StagingVariable, { production, clerk }: IsolationFacts): readonly Sign[] {
  const { name, value } = variable;
  if (variable.origin === 'foreign') return [foreignSign(variable)];
  if (value === undefined || !/^(?:sk|pk)_/.test(value)) return [];
  const fix = `Set ${name} to the key of a development instance of Clerk.`;
  const instance = clerk[name];
  const host = frontendOf(value);
  const shared = [instance?.id, host].find((identity) => identity !== undefined && (production.clerk ?? []).includes(identity));
  if (shared !== undefined) return [{ verdict: 'fail', seen: `${name} belongs to production's instance ${shared}`, fix }];
  if (instance?.live === true)
    return [{ verdict: 'fail', seen: `${name} belongs to instance ${instance.id} with real users, as Clerk says`, fix }];
  if (keyModeOf(value) === 'live') return [{ verdict: 'fail', seen: `${name} is a live key`, fix }];
  if (keyModeOf(value) === 'test')
    return [{ verdict: 'pass', seen: `${name} is a test key${instance === undefined || instance === null ? '' : ` of ${instance.id}`}` }];
  return instance === undefined || instance === null
    ? [{ verdict: 'unknown', seen: `${name} does not say of which mode it is, and Clerk was not asked or did not tell`, fix }]
    : [{ verdict: 'pass', seen: `${name} belongs to ${instance.id}, which Clerk calls no live instance` }];
}

/** A publishable key is its instance's host, base64 with a final `$` (https://clerk.com/docs/guides/how-clerk-works/overview, read 2026-11-22). */
function frontendOf(key: string): string | undefined {
  const coded = /^pk_(?:live|test)_(.+)$/.exec(key)?.[1];
  if (coded === undefined) return undefined;
  try {
    return atob(coded).replace(/\$$/, '');
  } catch {
    return undefined;
  }
}

const paymentName = /(?:^|_)(?:STRIPE|PAYPAL|PAYMENTS?|ADYEN|BRAINTREE|MOLLIE|SQUARE|RAZORPAY)(?:_|$)/;

function paymentSigns(variable: StagingVariable): readonly Sign[] {
  const { name, value } = variable;
  const isPayment = paymentName.test(name);
  if (variable.origin === 'foreign') return isPayment ? [foreignSign(variable)] : [];
  if (value === undefined) return [];
  const fix = `Set ${name} to a key of test mode.`;
  const mode = keyModeOf(value) ?? (isPayment ? sandboxMode(name, value) : undefined);
  if (mode === 'live') return [{ verdict: 'fail', seen: `${name} is of live mode`, fix }];
  if (mode === 'test') return [{ verdict: 'pass', seen: `${name} is of test mode` }];
  // Webhook secrets, prices and products carry no mode: the key beside them decides.
  if (!isPayment || /^(?:whsec|price|prod|acct|we)_/.test(value) || variable.class === 'public') return [];
  return [{ verdict: 'unknown', seen: `${name} does not say of which mode it is`, fix }];
}

/** Returns the mode of vendors that say it by host (`api-m.sandbox.paypal.com`) or by a variable of its own (`PAYPAL_MODE=sandbox`). */
function sandboxMode(name: string, value: string): 'live' | 'test' | undefined {
  const host = serviceAddress(value)?.host;
  if (host !== undefined && /(?:^|[.-])(?:paypal|adyen|braintree\w*|squareup\w*)\./.test(host))
    return /(?:^|[.-])(?:sandbox|squareupsandbox|test)(?:[.-]|$)/.test(host) ? 'test' : 'live';
  if (!/_(?:MODE|ENV|ENVIRONMENT)$/.test(name)) return undefined;
  return /^(?:sandbox|test)$/i.test(value) ? 'test' : 'live';
}
