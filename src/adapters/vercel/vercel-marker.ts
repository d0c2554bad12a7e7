import { z } from 'zod';
import { type OwnershipMarker, markerVariable } from '../../core/plan/marker.ts';

const fields = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]));

const owned = z.object({ id: z.string().nullable(), since: z.iso.datetime(), applied: fields });

const schema: z.ZodType<OwnershipMarker> = z.object({
  version: z.literal(1),
  name: z.string(),
  environment: z.string(),
  resources: z.object({ 'vercel-project': owned, 'supabase-project': owned, 'upstash-database': owned }).partial(),
  variables: z.record(z.string(), z.number()),
});

/** A marker that this version cannot know: it is not damaged. */
const later = z.object({ version: z.number().int().min(2) });

/**
 * Returns the marker that stands among a project's variables: null without one, `newer` when a later version of the tool wrote it,
 * `damaged` when it is not one of ours any more.
 */
export function markerIn(
  variables: readonly { readonly key: string; readonly value?: string | null | undefined }[],
): OwnershipMarker | 'damaged' | 'newer' | null {
  const found = variables.find((variable) => variable.key === markerVariable);
  if (found === undefined) return null;
  try {
    const value: unknown = JSON.parse(found.value ?? '');
    return later.safeParse(value).success ? 'newer' : schema.parse(value);
  } catch {
    return 'damaged';
  }
}

/**
 * Returns the variable that holds the marker. It is `plain`, so that listing tells its value (no secret stands in it), and its target is
 * `development` alone, so that no deployment gets it.
 */
export function markerPayload(marker: OwnershipMarker) {
  return { key: markerVariable, value: JSON.stringify(marker), type: 'plain', target: ['development'] };
}
