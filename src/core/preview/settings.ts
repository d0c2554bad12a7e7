import { StagingError } from '../errors.ts';
import type { Fields } from '../plan/model.ts';
import { wantedResources } from '../plan/wanted.ts';
import type { StagingSettings, VariableSettings } from '../settings.ts';
import { previewPrefix } from './names.ts';

/**
 * Returns the settings of a preview: staging's, with a key prefix of its own and every variable that names staging's led to it. Throws
 * `PREVIEW_PREFIX_UNWIRED` (exit 2) when no variable carries the prefix: the app would write among staging's keys.
 */
export function previewSettings(settings: StagingSettings, slug: string): StagingSettings {
  const { prefix } = settings.upstash;
  const own = previewPrefix(prefix, slug);
  const wired = Object.entries(settings.env).filter(([, { value }]) => value === prefix);
  if (wired.length === 0) {
    throw new StagingError(
      'usage',
      'PREVIEW_PREFIX_UNWIRED',
      `No variable under \`env\` is ${JSON.stringify(prefix)}, expected one that tells the app its key prefix: without it a preview would share staging's keys.`,
      { fix: `Add it to the configuration: \`QUEUE_PREFIX: { value: '${prefix}', class: 'public' }\`.` },
    );
  }
  const env: Record<string, VariableSettings> = { ...settings.env };
  for (const [name, variable] of wired) env[name] = { ...variable, value: own };
  return { ...settings, upstash: { ...settings.upstash, prefix: own, previewOf: prefix }, env };
}

/**
 * Returns what a preview's own project must have of the Supabase settings in the configuration: those that can be changed in place, without
 * the compute size (the platform's own default will do), and the sign-in addresses led to the preview. A branch has its parent's.
 */
export function previewDatabaseFields(settings: StagingSettings, origin: string): Fields {
  const { supabase } = settings;
  const own = { ...settings, supabase: { ...supabase, auth: supabase.auth === undefined ? undefined : {} } };
  const production = { hostingRegion: undefined, databases: {}, caches: {} };
  const { managed, lasting } = wantedResources(own, { appOrigin: origin, production })['supabase-project'];
  return Object.fromEntries(Object.entries(managed).filter(([field]) => ![...lasting, 'size', 'paused'].includes(field)));
}
