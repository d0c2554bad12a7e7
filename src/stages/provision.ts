import { guardProduction } from '../core/guard.ts';
import type { Cache } from '../core/ports/cache.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { DatabaseAccess } from '../core/ports/database.ts';
import type { HostingDomain } from '../core/ports/hosting.ts';
import type { Sealing } from '../core/ports/secret-file.ts';
import type { EnvReference } from '../core/settings.ts';
import { type Slot, slot } from '../core/slot.ts';
import type { StageRun } from '../core/stage.ts';
import { stageResult } from '../core/stage-result.ts';
import type { Step } from '../core/step.ts';
import type { Finding } from '../core/verdict.ts';
import { dnsSentence, domainStep } from './provision-domain.ts';
import { readyStep } from './provision-ready.ts';
import { type LeaseDeps, leaseStep } from './lease.ts';
import { cacheStep, databaseStep, projectStep } from './provision-resources.ts';
import { variablesStep } from './provision-variables.ts';
import { databasePasswordName, findCache, findDatabase, findProject, type ResourceDeps, type Resources } from './resources.ts';
import { migrate, nothingPending, protectionStep, type SchemaDeps } from './schema.ts';

/** What provisioning needs beside finding resources. */
export interface ProvisionDeps extends ResourceDeps, SchemaDeps, LeaseDeps {
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

/** Returns the stage that makes the environment exist: resources found by name or created, schema pushed, variables and domain set. */
export function provisionStage(deps: ProvisionDeps, resources: Resources): StageRun<ProvisionDetails> {
  const startedAtMs = deps.clock.nowMs();
  const domain = slot<HostingDomain>('domain');
  const written = slot<readonly string[]>('variables written');
  const created = new Set<string>();
  const steps: readonly Step[] = [
    refusalStep(deps, resources),
    secretsStep(deps),
    projectStep(deps, resources, created),
    {
      id: 'data',
      title: 'Supabase project and Upstash database',
      concurrent: true,
      steps: () => [databaseStep(deps, resources, created), cacheStep(deps, resources, created)],
    },
    readyStep(deps, resources),
    leaseStep(deps),
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

/** Everything that would be refused later on is refused here, before the first resource is created. */
function refusalStep(deps: ProvisionDeps, resources: Resources): Step {
  const { domain, production } = deps.settings;
  return {
    id: 'refusals',
    title: 'Check that nothing of production would be touched',
    run: async (io) => {
      guardProduction({ what: 'domain', identities: [domain] }, production);
      await Promise.all([
        findProject(deps, resources, io.signal),
        findDatabase(deps, resources, io.signal),
        findCache(deps, resources, io.signal),
      ]);
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
      return releases.length === 0 ? await nothingPending(deps, io) : `left to deploy: ${releases.length} releases are out`;
    },
    run: (io) => migrate(deps, io),
  };
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
