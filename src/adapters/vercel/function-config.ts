import { basename } from 'node:path';
import { z } from 'zod';

/** What of a function's `.vc-config.json` is looked at. */
const schema = z.object({ filePathMap: z.record(z.string(), z.string()).optional() });
const whole = z.record(z.string(), z.unknown());

/**
 * Our own environment files. Next.js lays every `.env.*` that stands beside the app into each function (`@vercel/next` 64.0.2, read
 * 2026-11-27), but no app has business with these: its variables come from the project.
 */
const ownFiles: ReadonlySet<string> = new Set(['.env.staging', '.env.staging.local']);

/** Returns the files that a function takes from outside the output: its own name for each, and the path from the project's root. */
export function filePathMapOf(text: string): Readonly<Record<string, string>> {
  const map = schema.safeParse(JSON.parse(text)).data?.filePathMap ?? {};
  return Object.fromEntries(Object.entries(map).filter(([, value]) => !ownFiles.has(basename(value))));
}

/** Returns a function's configuration without our own files, or undefined when it names none of them. */
export function withoutOwnFiles(text: string): string | undefined {
  const config = whole.safeParse(JSON.parse(text)).data;
  const kept = filePathMapOf(text);
  const named = Object.keys(schema.safeParse(config).data?.filePathMap ?? {});
  return named.length === Object.keys(kept).length ? undefined : JSON.stringify({ ...config, filePathMap: kept });
}
