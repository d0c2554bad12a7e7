import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const notFound = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** Lets `import` find packages in this folder's node_modules too, when they are nowhere above the file that imports them. */
export function resolveFrom(folder: string): void {
  const parentURL = pathToFileURL(join(folder, 'package.json')).href;
  registerHooks({
    resolve: (specifier, context, next) => {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!isPackage(specifier) || !isNotFound(error)) throw error;
        try {
          return next(specifier, { ...context, parentURL });
        } catch {
          // The first one names who asked.
          throw error;
        }
      }
    },
  });
}

function isPackage(specifier: string): boolean {
  return /^[^./]/.test(specifier) && !/^[a-z]+:/i.test(specifier);
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && notFound.has(error.code);
}
