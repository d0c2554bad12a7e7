import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { KeptRecords } from '../../core/ports/restore-points.ts';
import type { ReleaseRecord } from '../../core/release/release.ts';
import { recordSchema } from '../postgres/releases.ts';
import { syncFolder } from './durable-file.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const fileSchema = z.object({ records: z.array(recordSchema) });

/** Returns release records that wait in a file of ours while the database goes back in time. */
export function keptRecordsFile(path: string): KeptRecords<ReleaseRecord> {
  return {
    read: async () => (await readJsonFile(path, fileSchema))?.records ?? [],
    write: (records) => writeJsonFile(path, { records }),
    clear: async () => {
      await rm(path, { force: true });
      await syncFolder(dirname(path));
    },
  };
}
