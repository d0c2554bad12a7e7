import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import { wantedOf } from '../../core/plan/build.ts';
import { fieldChanges, toldFields, wantedFields } from '../../core/plan/fields.ts';
import type { OwnedKind } from '../../core/plan/marker.ts';
import { type FieldChange, type Fields, itemOf } from '../../core/plan/model.ts';
import { slot } from '../../core/run/slot.ts';
import type { Step } from '../../core/run/step.ts';
import type { ProvisionRun } from './provision.ts';

/** How one vendor's settings are read and written. */
interface SettingsAccess {
  readonly kind: OwnedKind;
  readonly what: 'Vercel project' | 'Supabase project' | 'Upstash database';
  readonly identity: () => string;
  readonly read: (names: readonly string[], signal: AbortSignal) => Promise<Fields>;
  readonly change: (id: string, fields: Fields, signal: AbortSignal) => Promise<void>;
}

/** Returns the steps that set each vendor's settings right; they may run at the same time. */
export function settingsStep(run: ProvisionRun): Step {
  return {
    id: 'settings',
    title: 'Settings',
    concurrent: true,
    steps: () => [hostingSettings(run), databaseSettings(run), cacheSettings(run)].map((access) => vendorSettings(run, access)),
  };
}

/** Returns the step that wakes a paused database project: nothing else of it answers before. */
export function wakeStep({ deps, resources }: ProvisionRun): Step {
  return {
    id: 'wake',
    title: 'Wake the Supabase project',
    mutates: true,
    probe: async () => (resources.database.get().state === 'paused' ? undefined : 'is awake'),
    run: async (io) => {
      const { ref } = resources.database.get();
      guardProduction({ what: 'Supabase project', identities: [ref] }, deps.settings.production);
      await deps.managed.databases.change(ref, { paused: false }, io.signal);
      return 'waking';
    },
  };
}

/** Returns the step that keeps the secret by which checks pass deployment protection. */
export function bypassStep({ deps, resources }: ProvisionRun): Step {
  const secret = slot<string | undefined>('bypass secret');
  return {
    id: 'bypass',
    title: 'Keep the secret that passes deployment protection',
    mutates: true,
    skip: () => (deps.settings.vercel.protectionBypass === true ? undefined : 'not asked for'),
    probe: async (io) => {
      secret.set(await deps.managed.hosting.bypassSecret(resources.project.get().id, io.signal));
      return secret.get() === (await deps.secretFile.read(bypassName)) ? 'unchanged' : undefined;
    },
    run: async () => {
      const value = secret.get();
      if (value !== undefined) await deps.secretFile.write({ [bypassName]: value });
      return deps.secretFile.path;
    },
  };
}

/** Vercel's own name for it: deployments see it under this name, too. */
const bypassName = 'VERCEL_AUTOMATION_BYPASS_SECRET';

function hostingSettings({ deps, resources }: ProvisionRun): SettingsAccess {
  const { name, domain } = deps.settings;
  return {
    kind: 'vercel-project',
    what: 'Vercel project',
    identity: () => resources.project.get().id,
    read: async (_names, signal) => (await deps.managed.hosting.read({ name, domain, production: [] }, signal)).project?.fields ?? {},
    change: (id, fields, signal) => deps.managed.hosting.change(id, fields, signal),
  };
}

function databaseSettings({ deps, resources }: ProvisionRun): SettingsAccess {
  const { name } = deps.settings;
  return {
    kind: 'supabase-project',
    what: 'Supabase project',
    identity: () => resources.database.get().ref,
    read: async (names, signal) => {
      const [listed, settings] = await Promise.all([
        deps.managed.databases.list({ name, production: [] }, signal),
        deps.managed.databases.settings(resources.database.get().ref, names, signal),
      ]);
      return { ...listed.found[0]?.fields, ...settings };
    },
    change: (id, fields, signal) => deps.managed.databases.change(id, fields, signal),
  };
}

function cacheSettings({ deps, resources }: ProvisionRun): SettingsAccess {
  const { name } = deps.settings;
  return {
    kind: 'upstash-database',
    what: 'Upstash database',
    identity: () => resources.cache.get().id,
    read: async (_names, signal) => (await deps.managed.caches.list({ name, production: [] }, signal)).found[0]?.fields ?? {},
    change: (id, fields, signal) => deps.managed.caches.change(id, fields, signal),
  };
}

function vendorSettings({ deps, planned, created, marker }: ProvisionRun, access: SettingsAccess): Step {
  const pending = slot<readonly FieldChange[]>('settings to change');
  const wanted = () => wantedOf(planned.get().facts)[access.kind];
  const changeable = () => Object.fromEntries(Object.entries(wanted().managed).filter(([field]) => !wanted().lasting.includes(field)));
  const read = (signal: AbortSignal) => access.read(Object.keys(changeable()), signal);
  const applied = (): Fields => (created.has(access.kind) ? wanted().created : (marker.peek()?.resources[access.kind]?.applied ?? {}));
  return {
    id: access.kind,
    title: `Settings of the ${access.what}`,
    mutates: true,
    probe: async (io) => {
      const item = itemOf(planned.get().plan, access.kind);
      if (item?.action === 'unchanged' && !created.has(access.kind)) return 'as wished';
      pending.set(fieldChanges(changeable(), await read(io.signal), applied()));
      return pending.get().length === 0 ? 'as wished' : undefined;
    },
    run: async (io) => {
      const id = access.identity();
      guardProduction({ what: access.what, identities: [deps.settings.name, id] }, deps.settings.production);
      await access.change(id, wantedFields(pending.get()), io.signal);
      return pending
        .get()
        .map((change) => change.field)
        .join(', ');
    },
    verify: async (io) => {
      const actual = await read(io.signal);
      const left = fieldChanges(toldFields(changeable(), actual), actual, {});
      if (left.length > 0) throw notTaken(access, left);
    },
  };
}

function notTaken({ what, identity }: SettingsAccess, left: readonly FieldChange[]): StagingError {
  const seen = left
    .map(({ field, actual, wanted }) => `${field} is ${JSON.stringify(actual)}, expected ${JSON.stringify(wanted)}`)
    .join('; ');
  return new StagingError(
    'vendor',
    'RESOURCE_SETTING_NOT_TAKEN',
    `The ${what} ${identity()} does not have the settings that were written: ${seen}.`,
    {
      fix: 'Run `jv-staging plan` to see what is left; the vendor’s plan may not include it.',
    },
  );
}
