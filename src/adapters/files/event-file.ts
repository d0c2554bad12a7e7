import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { codeOf } from './durable-file.ts';

/** A file that takes lines while a run goes on. */
export interface EventFile {
  /** Writes a line at once, so that whoever follows the file sees it; a full disk ends the writing, not the run. */
  write(line: string): void;
  /** Closes it. Throws `EVENTS_NOT_WRITABLE` (exit 3) when not every line could be written. */
  close(): void;
}

/** Opens a file for events, emptied first, mode 0600; a link is not followed. Throws `EVENTS_NOT_WRITABLE` (exit 3). */
export function openEventFile(path: string): EventFile {
  let failure: unknown;
  const file = open(path);
  return {
    write: (line) => {
      if (failure !== undefined) return;
      try {
        writeSync(file, line);
      } catch (error) {
        failure = error;
      }
    },
    close: () => {
      closeSync(file);
      if (failure !== undefined) throw notWritable(path, failure);
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    if (codeOf(error) !== 'ELOOP') throw notWritable(path, error);
    throw new StagingError(
      'usage',
      'EVENTS_FILE_IS_LINK',
      `--events names ${printable(path)}, which is a symbolic link; expected a file.`,
      {
        fix: 'Name the file itself with `--events FILE`.',
      },
    );
  }
}

function notWritable(path: string, error: unknown): StagingError {
  const code = codeOf(error) ?? String(error);
  return new StagingError('missing', 'EVENTS_NOT_WRITABLE', `--events: ${printable(path)} cannot be written (${code}).`, {
    fix: 'Name a file in a folder that is there and has room, with `--events FILE`.',
    cause: error,
  });
}
