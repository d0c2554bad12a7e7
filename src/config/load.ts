import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StagingError } from '../core/errors.ts';
import { circleOf } from '../core/smoke/order.ts';
import { placeOf } from '../core/regions.ts';
import type { StagingSettings, TargetName } from '../core/settings.ts';
import { type ConfigProblem, problemsOf, problemsText } from './problems.ts';
import type { ParsedConfig } from './schema/schema.ts';

/** A configuration as loaded. */
export interface LoadedConfig {
  /** Absolute path of the file. */
  readonly path: string;
  readonly settings: StagingSettings;
}

/**
 * Loads and checks the configuration at `path`; `toolEntry` is the URL that `import … from 'jv-staging'` resolves to, so that a
 * configuration needs no node_modules. Throws `CONFIG_INVALID` with all problems at once, `CONFIG_UNREADABLE` when the file
 * itself cannot be loaded.
 */
export async function loadConfig(path: string, toolEntry: string, target: TargetName | undefined): Promise<LoadedConfig> {
  return checked(await readInput(path, toolEntry), path, target);
}

/** Returns what `text` would be as the configuration at `path`, which is neither read nor written. Throws like `loadConfig`. */
export async function loadDraft(text: string, path: string, toolEntry: string): Promise<LoadedConfig> {
  const folder = mkdtempSync(join(tmpdir(), 'jv-draft-'));
  try {
    const draft = join(folder, 'draft.config.ts');
    writeFileSync(draft, text);
    return await checked(await readInput(draft, toolEntry), path, undefined);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function checked(input: unknown, path: string, target: TargetName | undefined): Promise<LoadedConfig> {
  // Large, and of no use to a command without a configuration.
  const { configSchema } = await import('./schema/schema.ts');
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) throw configInvalid(path, problemsOf(parsed.error, input));
  const problems = crossProblems(parsed.data);
  if (problems.length > 0) throw configInvalid(path, problems);
  return { path, settings: settingsOf(parsed.data, dirname(path), target) };
}

/** Returns the error for a broken configuration; it lists every problem with path, value seen and value expected. */
export function configInvalid(path: string, problems: readonly ConfigProblem[]): StagingError {
  return new StagingError('usage', 'CONFIG_INVALID', problemsText(path, problems), {
    fix: `Correct ${path}, then run \`jv-staging doctor\`.`,
    data: { path, problems },
  });
}

async function readInput(path: string, toolEntry: string): Promise<unknown> {
  try {
    if (extname(path) === '.json') return withoutSchema(JSON.parse(readFileSync(path, 'utf8')));
    const url = pathToFileURL(path).href;
    const hooks = registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === 'jv-staging') return { url: toolEntry, shortCircuit: true };
        const resolved = next(specifier, context);
        return specifier === url && isModule(path) ? { ...resolved, format: 'module-typescript' } : resolved;
      },
    });
    try {
      const module: unknown = await import(url);
      if (typeof module === 'object' && module !== null && 'default' in module) return module.default;
      return undefined;
    } finally {
      hooks.deregister();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new StagingError('usage', 'CONFIG_UNREADABLE', `${path} cannot be loaded: ${reason}`, {
      fix: 'Correct the file; it is loaded by Node itself, so only erasable TypeScript syntax is allowed.',
      cause: error,
    });
  }
}

/** A line that names the schema is for editors. */
function withoutSchema(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([name]) => name !== '$schema'));
}

/** Returns true for TypeScript that exports: said to Node, which else warns on stderr where a `package.json` above names no `type`. */
function isModule(path: string): boolean {
  return extname(path) === '.ts' && /^export\s/m.test(readFileSync(path, 'utf8'));
}

/** Returns what is wrong between parts that are each right by themselves. */
function crossProblems(config: ParsedConfig): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const ids = config.smoke.checks.map((check) => check.id);
  for (const id of new Set(ids.filter((candidate, index) => ids.indexOf(candidate) !== index))) {
    problems.push({ path: 'smoke.checks', seen: `two checks with the id ${JSON.stringify(id)}`, expected: 'ids that are unique' });
  }
  if (config.production.domains.includes(config.domain)) {
    problems.push({ path: 'domain', seen: `${config.domain}, which is also a production domain`, expected: 'a domain of staging alone' });
  }
  if (config.production.vercelProjects.includes(config.name)) {
    problems.push({ path: 'name', seen: `${config.name}, which is also a production project`, expected: 'a name of staging alone' });
  }
  problems.push(...regionProblems(config), ...queueProblems(config), ...smokeProblems(config));
  const profiles = ['short', 'full', ...Object.keys(config.load.profiles)];
  if (!profiles.includes(config.load.profile)) {
    problems.push({ path: 'load.profile', seen: JSON.stringify(config.load.profile), expected: `one of ${profiles.join(', ')}` });
  }
  return problems;
}

/** An app far from its database pays for it in every query. */
function regionProblems({ vercel, supabase, upstash, allowDistantRegions }: ParsedConfig): readonly ConfigProblem[] {
  const regions = Object.entries({ 'vercel.region': vercel.region, 'supabase.region': supabase.region, 'upstash.region': upstash.region });
  const set = regions.flatMap(([path, region]) => (region === undefined ? [] : [{ path, region, place: placeOf(region) }]));
  const [first] = set;
  if (allowDistantRegions || first === undefined) return [];
  return set
    .filter((other) => other.place !== first.place)
    .map(({ path, region }) => ({
      path,
      seen: region,
      expected: `a region near ${first.path} (${first.region}), or \`allowDistantRegions: true\``,
    }));
}

/** A queue that smoke checks must be one that the environment has. */
function queueProblems({ smoke, upstash }: ParsedConfig): readonly ConfigProblem[] {
  return smoke.checks.flatMap((check, at) =>
    check.kind !== 'queue' || upstash.queues.includes(check.queue)
      ? []
      : [
          {
            path: `smoke.checks[${at}].queue`,
            seen: JSON.stringify(check.queue),
            expected: `one of upstash.queues (${upstash.queues.join(', ')})`,
          },
        ],
  );
}

/** What checks name must be there, and more checks than there are cannot be executed. */
function smokeProblems({ smoke, production }: ParsedConfig): readonly ConfigProblem[] {
  const { checks, minimum } = smoke;
  const ids = checks.map((check) => check.id);
  const needs = checks.flatMap((check, at) =>
    check.needs
      .filter((id) => !ids.includes(id) || id === check.id)
      .map((id) => ({ path: `smoke.checks[${at}].needs`, seen: JSON.stringify(id), expected: 'ids of other checks' })),
  );
  const refusals = checks.flatMap((check, at) =>
    check.kind !== 'refusal' || check.app === undefined || production.domains.includes(check.app.domain)
      ? []
      : [{ path: `smoke.checks[${at}].app.domain`, seen: check.app.domain, expected: `one of production.domains` }],
  );
  const tooMany =
    minimum <= checks.length
      ? []
      : [{ path: 'smoke.minimum', seen: String(minimum), expected: `at most the ${checks.length} checks that there are` }];
  const circle = circleOf(new Map(checks.map((check) => [check.id, check.needs])));
  const circles = circle === undefined ? [] : [{ path: 'smoke.checks', seen: circle.join(' needs '), expected: 'needs without a circle' }];
  return [...needs, ...refusals, ...tooMany, ...(needs.length === 0 ? circles : [])];
}

function settingsOf(config: ParsedConfig, folder: string, target: TargetName | undefined): StagingSettings {
  const absolute = (path: string) => resolve(folder, path);
  const appDir = absolute(config.app.dir);
  return {
    ...config,
    target: target ?? config.target,
    app: { dir: appDir, build: config.app.build, output: resolve(appDir, config.app.output) },
    supabase: { ...config.supabase, migrations: absolute(config.supabase.migrations), rollbacks: absolute(config.supabase.rollbacks) },
    seed: { ...config.seed, dir: absolute(config.seed.dir) },
    gate: { ...config.gate, attestations: absolute(config.gate.attestations) },
    restorePoints: {
      ...config.restorePoints,
      dir: config.restorePoints.dir === undefined ? undefined : absolute(config.restorePoints.dir),
    },
  };
}
