import type { TargetName, VariableSettings } from '../settings.ts';

/** A value of the app's environment that must not go out. Holds no value of class `secret`. */
export interface VariableProblem {
  /** Name of the variable. */
  readonly name: string;
  readonly code: VariableRule;
  /** What was seen: of a secret only its kind. */
  readonly seen: string;
  readonly expected: string;
  readonly fix: string;
}

/** The rules, by the name that their problems carry. */
export type VariableRule =
  | 'LIVE_KEY'
  | 'REDIS_URL_NOT_TCP'
  | 'SERVICE_KEY_PUBLIC'
  | 'SENTRY_ENVIRONMENT_WRONG'
  | 'DEBUG_LOGGING_OFF'
  | 'RULE_BROKEN';

/** A variable as the rules see it: `value` is undefined where only the resource that will have it is known. */
export interface RuledVariable {
  readonly name: string;
  readonly setting: VariableSettings;
  readonly value: string | undefined;
}

/** What the rules compare with. */
export interface RuleContext {
  /** Value of `environment` in the configuration. */
  readonly environment: string;
  readonly target: TargetName;
}

/**
 * Keys that move real money or real users: Stripe's and Clerk's keys name their mode (docs.stripe.com/keys, clerk.com/docs
 * "Environment variables", as JetVision's plan and the issue have them).
 */
const liveKey = /^(?:sk|rk|pk)_live_/;

/** Levels of logging that leave debug lines out, by the names that pino, winston and others share. */
const quietLevels = ['silent', 'fatal', 'error', 'warn', 'warning', 'info'];

/**
 * Returns what is wrong with the app's environment, in the order of the configuration: keys of live mode, a `REDIS_URL` that BullMQ
 * cannot use, a service-role key that browsers would get, Sentry events that would count as another environment's, debug lines that
 * would be missing, and what the configuration's own rules say.
 */
export function variableProblems(variables: readonly RuledVariable[], context: RuleContext): readonly VariableProblem[] {
  return variables.flatMap((variable) => {
    const found = [liveProblem, redisProblem, serviceKeyProblem, sentryProblem, loggingProblem, ownRuleProblem].map((rule) =>
      rule(variable, context),
    );
    return found.filter((problem) => problem !== undefined);
  });
}

type Rule = (variable: RuledVariable, context: RuleContext) => VariableProblem | undefined;

const liveProblem: Rule = ({ name, value }) => {
  const prefix = liveKey.exec(value ?? '')?.[0];
  if (prefix === undefined) return undefined;
  return {
    name,
    code: 'LIVE_KEY',
    seen: `a key of live mode (${prefix}…)`,
    expected: `a key of test mode (${prefix.replace('live', 'test')}…)`,
    fix: `Put the test key into ${name}: a live one works on real customers.`,
  };
};

const redisProblem: Rule = ({ name, value }, { target }) => {
  if (name !== 'REDIS_URL' || value === undefined) return undefined;
  const url = URL.parse(value);
  const isLoopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'rediss:' || (url?.protocol === 'redis:' && (isLoopback || target === 'local'))) return undefined;
  return {
    name,
    code: 'REDIS_URL_NOT_TCP',
    seen: url === null ? 'no address' : `an address that begins with ${url.protocol}//`,
    expected: 'rediss:// (redis:// on loopback only): BullMQ needs Redis itself, not its REST address',
    fix: `Take \`from.redis.url\` for ${name}.`,
  };
};

const serviceKeyProblem: Rule = ({ name, setting, value }) => {
  const isService =
    (typeof setting.value === 'object' && setting.value.kind === 'fact' && setting.value.fact === 'supabase.serviceRoleKey') ||
    roleOf(value) === 'service_role' ||
    (value ?? '').startsWith('sb_secret_');
  if (!isService || (setting.class === 'secret' && !name.startsWith('NEXT_PUBLIC_'))) return undefined;
  return {
    name,
    code: 'SERVICE_KEY_PUBLIC',
    seen: 'a service-role key, which passes by every policy',
    expected: name.startsWith('NEXT_PUBLIC_') ? 'the anon key: this name is built into the browser’s code' : 'class secret',
    fix: name.startsWith('NEXT_PUBLIC_') ? `Take \`from.supabase.anonKey\` for ${name}.` : `Set \`class: 'secret'\` for ${name}.`,
  };
};

const sentryProblem: Rule = ({ name, value }, { environment }) => {
  if (!['SENTRY_ENVIRONMENT', 'NEXT_PUBLIC_SENTRY_ENVIRONMENT'].includes(name) || value === undefined || value === environment)
    return undefined;
  return {
    name,
    code: 'SENTRY_ENVIRONMENT_WRONG',
    seen: value,
    expected: environment,
    fix: `Set ${name} to ${environment}: otherwise its events stand among another environment’s.`,
  };
};

const loggingProblem: Rule = ({ name, value }) => {
  const isOff =
    (name === 'LOG_LEVEL' && quietLevels.includes((value ?? '').toLowerCase())) ||
    (name === 'DEBUG' && ['', '0', 'false', 'off'].includes((value ?? 'unknown').toLowerCase()));
  if (!isOff) return undefined;
  return {
    name,
    code: 'DEBUG_LOGGING_OFF',
    seen: value ?? '',
    expected: name === 'LOG_LEVEL' ? 'debug or trace' : 'true',
    fix: `Set ${name} to ${name === 'LOG_LEVEL' ? 'debug' : 'true'}: staging is where its lines are read.`,
  };
};

const ownRuleProblem: Rule = ({ name, setting, value }) => {
  const { rule } = setting;
  if (rule === undefined || value === undefined || new RegExp(rule, 'u').test(value)) return undefined;
  return {
    name,
    code: 'RULE_BROKEN',
    seen: setting.class === 'secret' ? 'a value that does not match' : value,
    expected: `a value that matches /${rule}/`,
    fix: `Correct ${name}, or its \`rule\` in the configuration.`,
  };
};

/** Returns the role that a JWT claims, or undefined for what is none; nothing is verified. */
function roleOf(value: string | undefined): string | undefined {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(value ?? '')?.[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(decodeBase64Url(payload));
    return typeof claims === 'object' && claims !== null && 'role' in claims && typeof claims.role === 'string' ? claims.role : undefined;
  } catch {
    return undefined;
  }
}

function decodeBase64Url(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
}
