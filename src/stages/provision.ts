import { StagingError } from '../core/errors.ts';
import { guardProduction } from '../core/guard.ts';
import type { Cache } from '../core/ports/cache.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { DatabaseAccess } from '../core/ports/database.ts';
import type { HostingDomain, HostingVariable } from '../core/ports/hosting.ts';
import type { Sealing } from '../core/ports/secret-file.ts';
import type { EnvReference } from '../core/settings.ts';
import { type Slot, slot } from '../core/slot.ts';
import type { StageRun } from '../core/stage.ts';
import { stageResult } from '../core/stage-result.ts';
import type { Step } from '../core/step.ts';
import { resolveVariables } from '../core/variables.ts';
import type { Finding } from '../core/verdict.ts';
import { waitUntil } from '../core/wait.ts';
import {
  databasePasswordName,
  findCache,
  findDatabase,
  findProject,
  readAccess,
  type ResourceDeps,
  type Resources,
  resourceFactsOf,
} from './resources.ts';
import { migrate, protectionStep, type SchemaDeps } from './schema.ts';

/** What provisioning needs beside finding resources. */
export interface ProvisionDeps extends ResourceDeps, SchemaDeps {
  readonly clock: Clock;
  /** Returns a new secret of at least 32 random characters, safe in addresses. */
  readonly newSecret: () => string;
  /** Returns the fingerprints' key holder; only asked for once the environment file has its key. */
  readonly sealing: () => Promise<Sealing>;
  readonly readSecret: (reference: EnvReference) => string | undefined;
  readonly openCache: () => Cache;
  /** Returns what of the project's gateway does not answer (REST, Auth), or undefined when all does. */
  readonly gatewayMissing: (access: DatabaseAccess, signal: AbortSignal) => Promise<string | undefined>;
}

/** What provisioning reports beside its findings. */
export interface ProvisionDetails {
  readonly vercelProject: string;
  readonly supabaseProject: string;
  readonly upstashDatabase: string;
  readonly domain: HostingDomain;
  /** Names of the variables that were written in this run. */
  readonly variablesWritten: readonly string[];
}

/** Secrets that the environment file must hold before any resource is created. */
const generatedSecrets = ['JV_STATE_KEY', databasePasswordName, 'STAGING_USER_PASSWORD', 'CRON_SECRET'] as const;

/** How long resources may take to answer after their platform has accepted them. */
const readyDeadlineMs = 10 * 60_000;

/** Returns the stage that makes the environment exist: resources found by name or created, schema pushed, variables and domain set. */
export function provisionStage(deps: ProvisionDeps, resources: Resources): StageRun<ProvisionDetails> {
  const startedAtMs = deps.clock.nowMs();
  const domain = slot<HostingDomain>('domain');
  const written = slot<readonly string[]>('variables written');
  const created = new Set<string>();
  const steps: readonly Step[] = [
    secretsStep(deps),
    projectStep(deps, resources, created),
    {
      id: 'data',
      title: 'Supabase project and Upstash database',
      concurrent: true,
      steps: () => [databaseStep(deps, resources, created), cacheStep(deps, resources, created)],
    },
    readyStep(deps, resources),
    keysStep(deps, resources),
    schemaStep(deps),
    protectionStep(deps),
    domainStep(deps, resources, domain),
    variablesStep(deps, resources, written),
  ];
  return {
    steps,
    result: () => {
      if (domain.peek() === undefined || resources.cacheAccess.peek() === undefined) return undefined;
      return stageResult('provision', provisionFindings(deps, resources, domain, created), startedAtMs, deps.clock, {
        vercelProject: resources.project.get().id,
        supabaseProject: resources.database.get().ref,
        upstashDatabase: resources.cache.get().id,
        domain: domain.get(),
        variablesWritten: written.peek() ?? [],
      });
    },
  };
}

function secretsStep(deps: ProvisionDeps): Step {
  const missing = async () => {
    const values = await Promise.all(generatedSecrets.map(async (name) => ({ name, value: await deps.secretFile.read(name) })));
    return values.filter((line) => line.value === undefined && deps.readSecret({ kind: 'env', name: line.name }) === undefined);
  };
  return {
    id: 'secrets',
    title: 'Generate secrets into the environment file',
    mutates: true,
    probe: async () => ((await missing()).length === 0 ? 'all there' : undefined),
    run: async () => {
      const names = (await missing()).map((line) => line.name);
      await deps.secretFile.write(Object.fromEntries(names.map((name) => [name, deps.newSecret()])));
      return `${names.length} written to ${deps.secretFile.path}`;
    },
  };
}

function projectStep(deps: ProvisionDeps, resources: Resources, created: Set<string>): Step {
  const { name, vercel } = deps.settings;
  return {
    id: 'vercel-project',
    title: `Vercel project ${name}`,
    mutates: true,
    probe: async (io) => (await findProject(deps, resources, io.signal))?.id,
    run: async (io) => {
      guardProduction({ what: 'Vercel project', identities: [name] }, deps.settings.production);
      resources.project.set(await deps.projects.create({ name, region: vercel.region, nodeVersion: vercel.nodeVersion }, io.signal));
      created.add('vercel-project');
      return `created ${resources.project.get().id}`;
    },
    verify: async (io) => readBack('Vercel project', name, await findProject(deps, resources, io.signal)),
  };
}

function databaseStep(deps: ProvisionDeps, resources: Resources, created: Set<string>): Step {
  const { name, supabase } = deps.settings;
  return {
    id: 'supabase-project',
    title: `Supabase project ${name}`,
    mutates: true,
    probe: async (io) => (await findDatabase(deps, resources, io.signal))?.ref,
    run: async (io) => {
      guardProduction({ what: 'Supabase project', identities: [name] }, deps.settings.production);
      const password = await deps.secretFile.read(databasePasswordName);
      if (password === undefined) throw new Error(`${databasePasswordName} is not in the environment file although it was just written.`);
      resources.database.set(await deps.databases.create({ name, region: supabase.region, password }, io.signal));
      created.add('supabase-project');
      return `created ${resources.database.get().ref}`;
    },
    verify: async (io) => readBack('Supabase project', name, await findDatabase(deps, resources, io.signal)),
  };
}

function cacheStep(deps: ProvisionDeps, resources: Resources, created: Set<string>): Step {
  const { name, upstash } = deps.settings;
  return {
    id: 'upstash-database',
    title: `Upstash database ${name}`,
    mutates: true,
    probe: async (io) => {
      const found = await findCache(deps, resources, io.signal);
      return found === undefined || found.eviction ? undefined : found.id;
    },
    run: async (io) => {
      const found = resources.cache.peek();
      guardProduction({ what: 'Upstash database', identities: [name, found?.id ?? name] }, deps.settings.production);
      if (found !== undefined) {
        // BullMQ loses jobs when keys may be evicted (docs.bullmq.io, "Important notes": maxmemory-policy noeviction).
        await deps.caches.setEviction(found.id, false, io.signal);
        return `${found.id}: eviction turned off`;
      }
      resources.cache.set(await deps.caches.create({ name, region: upstash.region }, io.signal));
      created.add('upstash-database');
      return `created ${resources.cache.get().id}`;
    },
    verify: async (io) => readBack('Upstash database', name, await findCache(deps, resources, io.signal)),
  };
}

/** Waits until the databases really answer: the platform's own word is asked first, but does not suffice. */
function readyStep(deps: ProvisionDeps, resources: Resources): Step {
  return {
    id: 'ready',
    title: 'Wait until database, gateway, pooler and Redis answer',
    run: async (io) => {
      await waitUntil(() => missingParts(deps, resources, io.signal), {
        clock: deps.clock,
        signal: io.signal,
        deadlineMs: readyDeadlineMs,
        intervalMs: 500,
        onWaiting: (missing) => io.note(`waiting for ${missing}`),
        late: (missing) =>
          new StagingError(
            'vendor',
            'RESOURCE_NOT_READY',
            `After ${readyDeadlineMs / 60_000} minutes there is still no answer from ${missing}.`,
            {
              fix: 'Run `jv-staging provision` again: it goes on waiting.',
            },
          ),
      });
      return 'all answer';
    },
  };
}

async function missingParts(deps: ProvisionDeps, resources: Resources, signal: AbortSignal): Promise<string | undefined> {
  const { ref } = resources.database.get();
  const unhealthy = await deps.databases.unhealthy(ref, signal);
  if (unhealthy.length > 0) return `Supabase (${unhealthy.join(', ')})`;
  await readAccess(deps, resources, signal);
  const failing = await Promise.all([
    answers('Postgres', () => deps.openDatabase().ping(signal)),
    answers('Redis', () => deps.openCache().ping(deps.settings.upstash.prefix, signal)),
    deps.gatewayMissing(resources.databaseAccess.get(), signal),
  ]);
  return failing.find((missing) => missing !== undefined);
}

async function answers(what: string, ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    // Not answering yet is what we wait for; anything that is no expected failure is a bug and must surface.
    if (error instanceof StagingError) return `${what} (${error.code})`;
    throw error;
  }
}

function keysStep(deps: ProvisionDeps, resources: Resources): Step {
  const wanted = () => {
    const database = resources.databaseAccess.get();
    const cache = resources.cacheAccess.get();
    return {
      STAGING_SUPABASE_URL: database.url,
      STAGING_SUPABASE_ANON_KEY: database.anonKey,
      STAGING_SUPABASE_SERVICE_KEY: database.serviceRoleKey,
      STAGING_REDIS_URL: cache.restUrl,
      STAGING_REDIS_TOKEN: cache.restToken,
    };
  };
  return {
    id: 'keys',
    title: 'Keep addresses and keys in the environment file',
    mutates: true,
    probe: async () => {
      const same = await Promise.all(Object.entries(wanted()).map(async ([name, value]) => (await deps.secretFile.read(name)) === value));
      return same.every(Boolean) ? 'unchanged' : undefined;
    },
    run: async () => {
      await deps.secretFile.write(wanted());
      return deps.secretFile.path;
    },
  };
}

function schemaStep(deps: ProvisionDeps): Step {
  return {
    id: 'schema',
    title: 'Push the schema',
    mutates: true,
    probe: async (io) => {
      // Once a release is out, migrations belong to a release: `deploy` applies them.
      const releases = await deps.openDatabase().releases(deps.settings.environment, io.signal);
      return releases.length === 0 ? undefined : `left to deploy: ${releases.length} releases are out`;
    },
    run: (io) => migrate(deps, io),
  };
}

function domainStep(deps: ProvisionDeps, resources: Resources, domain: Slot<HostingDomain>): Step {
  const name = deps.settings.domain;
  return {
    id: 'domain',
    title: `Domain ${name}`,
    mutates: true,
    probe: async (io) => {
      const found = await deps.projects.findDomain(resources.project.get().id, name, io.signal);
      if (found === undefined) return undefined;
      domain.set(found);
      return found.verified ? 'verified' : dnsSentence(found);
    },
    run: async (io) => {
      guardProduction({ what: 'domain', identities: [name] }, deps.settings.production);
      domain.set(await deps.projects.addDomain(resources.project.get().id, name, io.signal));
      return domain.get().verified ? 'added, verified' : dnsSentence(domain.get());
    },
  };
}

function dnsSentence(domain: HostingDomain): string {
  const { record } = domain;
  return record === undefined ? 'not verified yet' : `not verified yet: add the DNS record ${record.type} ${record.name} ${record.value}`;
}

function variablesStep(deps: ProvisionDeps, resources: Resources, written: Slot<readonly string[]>): Step {
  const pending = slot<readonly HostingVariable[]>('variables to write');
  return {
    id: 'variables',
    title: 'Environment variables',
    mutates: true,
    probe: async (io) => {
      const wanted = await wantedVariables(deps, resources);
      const listed = await deps.projects.variables(resources.project.get().id, io.signal);
      const current = new Map(listed.map((variable) => [variable.name, variable.fingerprint]));
      pending.set(wanted.filter((variable) => current.get(variable.name) !== variable.fingerprint));
      return pending.get().length === 0 ? `${wanted.length} unchanged` : undefined;
    },
    run: async (io) => {
      guardProduction(
        { what: 'Vercel project', identities: [resources.project.get().id, resources.project.get().name] },
        deps.settings.production,
      );
      written.set(await deps.projects.setVariables(resources.project.get().id, pending.get(), io.signal));
      return `${written.get().length} written`;
    },
  };
}

/** Returns the app's variables with their fingerprints. Throws `ENV_VALUE_MISSING` (exit 2), naming each. */
async function wantedVariables(deps: ProvisionDeps, resources: Resources): Promise<readonly HostingVariable[]> {
  const { variables, missing } = resolveVariables(deps.settings.env, resourceFactsOf(deps, resources), deps.readSecret);
  if (missing.length > 0) {
    const list = missing.map((variable) => `env.${variable.name} (from ${variable.source})`).join(', ');
    throw new StagingError('usage', 'ENV_VALUE_MISSING', `There is no value for ${list}, expected one for each required variable.`, {
      fix: `Add them to ${deps.secretFile.path} or set \`required: false\`.`,
    });
  }
  const sealing = await deps.sealing();
  return variables.map((variable) => ({ ...variable, fingerprint: sealing.fingerprint(variable.value) }));
}

function readBack(what: string, name: string, found: unknown): void {
  if (found !== undefined) return;
  throw new StagingError(
    'vendor',
    'RESOURCE_NOT_FOUND_AFTER_CREATE',
    `The ${what} ${name} was created, but is not found by its name afterwards.`,
    {
      fix: 'Run `jv-staging provision` again.',
    },
  );
}

function provisionFindings(
  deps: ProvisionDeps,
  resources: Resources,
  domain: Slot<HostingDomain>,
  created: ReadonlySet<string>,
): readonly Finding[] {
  const exists = (id: string, title: string, seen: string): Finding => ({
    id,
    title,
    verdict: 'green',
    seen: `${seen} (${created.has(id) ? 'created' : 'was there'})`,
    expected: 'exists and answers',
  });
  const { record, verified } = domain.get();
  return [
    exists('vercel-project', 'Vercel project', resources.project.get().id),
    exists('supabase-project', 'Supabase project', resources.database.get().ref),
    exists('upstash-database', 'Upstash database', resources.cache.get().id),
    {
      id: 'domain',
      title: `Domain ${deps.settings.domain}`,
      verdict: verified ? 'green' : 'red',
      seen: verified ? 'verified' : dnsSentence(domain.get()),
      expected: 'verified',
      fix: verified || record === undefined ? undefined : `Add the DNS record ${record.type} ${record.name} ${record.value}.`,
    },
  ];
}
