import { basename } from 'node:path';
import { z } from 'zod';

/** What of a function's `.vc-config.json` is looked at. */
const schema = z.object({ filePathMap: z.record(z.string(), z.string()).optional() });
const whole = z.record(z.string(), z.unknown());

/**
 * Next.js lays every `.env` and `.env.*` that stands beside the app into each function (`@vercel/next` 64.0.2, read 2026-11-27): those of a
 * developer's machine, and ours. None belongs to a deployment, whose variables come from the project.
 */
const environmentFile = /^\.env(?:\..+)?$/i;

/** What a function takes from outside the output. */
export interface FunctionFiles {
  /** The function's own name for each file, and the path from the project's root. */
  readonly kept: Readonly<Record<string, string>>;
  /** Paths of environment files, which it does not get. */
  readonly left: readonly string[];
}

/** Returns the files that a function takes from outside the output, and those that it would take and does not get. */
export function filePathMapOf(text: string): FunctionFiles {
  const entries = Object.entries(schema.safeParse(JSON.parse(text)).data?.filePathMap ?? {});
  const isLeft = (path: string) => environmentFile.test(basename(path));
  return {
    kept: Object.fromEntries(entries.filter(([, path]) => !isLeft(path))),
    left: entries.flatMap(([, path]) => (isLeft(path) ? [path] : [])),
  };
}

/** Returns a function's configuration without environment files, or undefined when it names none. */
export function withoutEnvironmentFiles(text: string): string | undefined {
  const { kept, left } = filePathMapOf(text);
  return left.length === 0 ? undefined : JSON.stringify({ ...whole.safeParse(JSON.parse(text)).data, filePathMap: kept });
}
