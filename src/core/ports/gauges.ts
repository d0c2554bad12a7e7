import type { CommandCalls } from '../cost/commands.ts';

/** Connections of the database, as the server counts them. */
export interface DatabaseReading {
  /** Client connections, ours left out. */
  readonly connections: number;
  /** Of these, the ones that run a statement now. */
  readonly active: number;
  /** Connections that ordinary roles can have: `max_connections` without those kept for superusers. */
  readonly limit: number;
}

/** What a client of the pooler waits for: a connection and one trivial statement. */
export interface PoolerReading {
  readonly waitMs: number;
}

/** What Redis says of itself (`INFO`). A figure that the server does not give is null. */
export interface RedisReading {
  readonly clients: number | null;
  readonly clientLimit: number | null;
  readonly usedMemoryBytes: number | null;
  /** 0 is no limit. */
  readonly memoryLimitBytes: number | null;
  /** Since the server's start. */
  readonly evictedKeys: number | null;
  /** Since the server's start. */
  readonly rejectedConnections: number | null;
  /** Commands since the server's start. */
  readonly commands: number | null;
}

/** Jobs of one queue by their state. */
export interface QueueReading {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
}

/** Memory of the process that answered the health request. */
export interface AppReading {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
}

/** What all gauges read. */
export interface GaugeReadings {
  readonly database: DatabaseReading;
  readonly pooler: PoolerReading;
  readonly redis: RedisReading;
  readonly queues: readonly QueueReading[];
  readonly app: AppReading;
}

/** The name of a gauge. */
export type GaugeName = keyof GaugeReadings;

/** All gauges at one moment; one that could not be read stands in `unread` with the reason. */
export interface GaugeSample extends Partial<GaugeReadings> {
  /** Seconds since the watch began. */
  readonly second: number;
  readonly unread: Readonly<Partial<Record<GaugeName, string>>>;
}

/** Reads one thing; keeps its connection until closed. `read` rejects with whatever keeps it from reading. */
export interface Gauge {
  readonly name: GaugeName;
  read(signal: AbortSignal): Promise<Partial<GaugeReadings>>;
  close(): Promise<void>;
}

/** Counts the commands of a Redis server; keeps its connection until closed. `read` rejects with whatever keeps it from reading. */
export interface CommandCounter {
  /** Returns the calls of each command since the server's start; undefined when the server does not count them. */
  read(signal: AbortSignal): Promise<CommandCalls | undefined>;
  close(): Promise<void>;
}
