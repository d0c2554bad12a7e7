import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Planted secrets: characters that base64 and URLs write otherwise stand in each. */
export const canaries: readonly string[] = Array.from({ length: 20 }, (_, at) => `canary+${at}/ä?${'0123456789abcdef'.repeat(2)}${at}=`);

/** Returns the name of the variable that holds a canary. */
export const canaryName = (at: number) => `CANARY_${at}`;

/** Returns a configuration's text with every canary declared as a secret variable; the text must import `defineConfig` and spread `sample`. */
export function withCanaries(config: string): string {
  const declared = canaries.map((_, at) => `${canaryName(at)}: { value: env('${canaryName(at)}'), class: 'secret' }`).join(', ');
  const text = config.replace('defineConfig }', 'defineConfig, env }');
  return text.replace('  ...sample,\n', `  ...sample,\n  env: { ...sample.env, ${declared} },\n`);
}

/** Returns the lines of `.env.staging.local` that set the canaries. */
export function canaryLines(): string {
  return canaries.map((value, at) => `${canaryName(at)}='${value}'\n`).join('');
}

/** Returns the forms of these secrets that stand in one of the texts: as they are, in base64, escaped for a URL or for JSON. */
export function leaked(secrets: readonly string[], texts: readonly string[]): readonly string[] {
  const forms = secrets.flatMap((value) => [
    value,
    ...base64Forms(value),
    encodeURIComponent(value),
    encodeURI(value),
    JSON.stringify(value).slice(1, -1),
  ]);
  return [...new Set(forms)].filter((form) => texts.some((text) => text.includes(form)));
}

/** A value in base64, whatever stands before it: by its length there are three ways. */
function base64Forms(value: string): readonly string[] {
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.from(`${'x'.repeat(shift)}${value}`).toString('base64');
    // What depends on its neighbours is cut off at both ends.
    return [encoded.slice(4, -4), encoded.slice(4, -4).replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** Returns every file that the tool could have written: not what was given to it, and not the local cloud, which is the vendors' side. */
export async function filesBelow(
  dir: string,
  given: readonly string[],
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const own = paths.filter((path) => !/[/](?:node_modules|[.]git|local)[/]/.test(path) && !given.some((name) => path === join(dir, name)));
  return Promise.all(own.map(async (path) => ({ path: path.slice(dir.length + 1), text: await readFile(path, 'utf8') })));
}
