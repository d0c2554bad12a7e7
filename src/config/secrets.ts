import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import type { EnvReference } from '../core/settings.ts';

/** Values by environment variable name: the process's own environment first, then the environment file. */
export interface Secrets {
  /** Returns the value, or undefined when it is missing or empty. */
  read(reference: EnvReference): string | undefined;
  /** Returns true when it is set, but to nothing: somebody meant to give a value. */
  isEmpty(reference: EnvReference): boolean;
  /** Every value that was read so far: what redaction must hide. */
  readonly seen: ReadonlySet<string>;
  /** Returns the values of the environment file that look like secrets: all but addresses. */
  inFile(): readonly string[];
}

/** Returns the secrets of this process and of `envFile` (a file that does not exist is empty). */
export function openSecrets(envFile: string | undefined, environment: NodeJS.ProcessEnv = process.env): Secrets {
  const seen = new Set<string>();
  return {
    seen,
    inFile: () => Object.values(fileValues(envFile)).flatMap((value) => (value === undefined || /^https?:\/\//.test(value) ? [] : [value])),
    isEmpty: ({ name }) => {
      const values = [environment[name], fileValues(envFile)[name]].filter((value) => value !== undefined);
      return values.length > 0 && values.every((value) => value === '');
    },
    read: (reference) => {
      // The file is read each time: a stage before may have added to it.
      const value = environment[reference.name] || fileValues(envFile)[reference.name];
      if (value === undefined || value === '') return undefined;
      seen.add(value);
      return value;
    },
  };
}

function fileValues(envFile: string | undefined): Readonly<Record<string, string | undefined>> {
  if (envFile === undefined) return {};
  try {
    return parse(readFileSync(envFile, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
