import { rm } from 'node:fs/promises';
import type { LocalEndpoints } from '../core/local/endpoints.ts';
import { endpointsFile } from './files.ts';
import { writeJson } from './json-file.ts';
import type { ProcessMark } from './processes.ts';
import { markOf } from './processes.ts';

/** What `endpoints.json` holds: where the cloud answers, and which process it is. */
export interface Published extends LocalEndpoints {
  readonly process: ProcessMark;
}

/** The file that says where a running local cloud answers: there while, and only while, it does. */
export interface Publication {
  /** Writes the file for the first time. */
  begin(endpoints: () => LocalEndpoints): Promise<void>;
  /** Writes it anew; does nothing before `begin` and after `withdraw`. */
  renew(): Promise<void>;
  withdraw(): Promise<void>;
}

/** Returns the publication for a state folder; its writes come one after the other. */
export function createPublication(stateDir: string): Publication {
  const path = endpointsFile(stateDir);
  let current: (() => LocalEndpoints) | undefined;
  let turn: Promise<void> = Promise.resolve();
  const renew = async () => {
    turn = turn
      .catch(() => undefined)
      .then(async () => {
        if (current) await writeJson(path, { ...current(), process: markOf(process.pid) });
      });
    await turn;
  };
  return {
    renew,
    begin: async (endpoints) => {
      current = endpoints;
      await renew();
    },
    withdraw: async () => {
      current = undefined;
      await renew();
      await rm(path, { force: true });
    },
  };
}
