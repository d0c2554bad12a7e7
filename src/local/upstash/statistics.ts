import type { Reply } from '../engines/resp.ts';
import type { Databases } from './databases.ts';

/** Numbers of a running server since it was started. */
interface Counters {
  readonly clients: number;
  readonly keys: number;
  readonly commandsPerSecond: number;
  readonly diskBytes: number;
  readonly memoryBytes: number;
  readonly networkBytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly commands: readonly CommandCount[];
}

interface CommandCount {
  readonly name: string;
  readonly calls: number;
  readonly microseconds: number;
  readonly kind: 'read' | 'write' | 'other';
}

/** What a script may be started by: the vendor counts these apart. */
const scriptCommands = new Set(['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro']);

/**
 * Returns the statistics of a database (schema `DatabaseStats`): the present, asked from its server, as one point each, for no history
 * is kept; counts run from the server's last start.
 */
export async function statisticsOf(databases: Databases, id: string) {
  const counters = countersOf(
    textOf(await databases.command(id, ['INFO', 'all'])),
    kindsOf(await databases.command(id, ['COMMAND'])),
    Number(await databases.command(id, ['DBSIZE'])),
  );
  const at = new Date().toISOString().replace('T', ' ').replace('Z', ' +0000 UTC');
  const point = (y: number) => [{ x: at, y }];
  const [reads, writes] = [callsOf(counters, 'read'), callsOf(counters, 'write')];
  const all = counters.commands.reduce((sum, { calls }) => sum + calls, 0);
  const scripts = counters.commands.reduce((sum, { name, calls }) => sum + (scriptCommands.has(name) ? calls : 0), 0);
  return {
    connection_count: point(counters.clients),
    keyspace: point(counters.keys),
    throughput: point(counters.commandsPerSecond),
    diskusage: point(counters.diskBytes),
    latencymean: point(latencyMs(counters.commands)),
    read_latency_mean: point(latencyMs(counters.commands.filter(({ kind }) => kind === 'read'))),
    write_latency_mean: point(latencyMs(counters.commands.filter(({ kind }) => kind === 'write'))),
    hits: point(counters.hits),
    misses: point(counters.misses),
    read: point(reads),
    write: point(writes),
    dailyrequests: point(all),
    bandwidths: point(counters.networkBytes),
    dailybandwidth: counters.networkBytes,
    daily_net_commands: all,
    daily_read_requests: reads,
    daily_write_requests: writes,
    total_monthly_bandwidth: counters.networkBytes,
    total_monthly_requests: all,
    total_monthly_read_requests: reads,
    total_monthly_write_requests: writes,
    total_monthly_script_requests: scripts,
    current_storage: counters.memoryBytes,
    total_monthly_storage: counters.memoryBytes,
    total_monthly_billing: 0,
    command_counts: counters.commands.map(({ name, calls }) => ({ metric_identifier: name.toUpperCase(), data_points: point(calls) })),
  };
}

function countersOf(info: string, kinds: ReadonlyMap<string, CommandCount['kind']>, keys: number): Counters {
  const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const commands = [...info.matchAll(/^cmdstat_([^:|]+)[^:]*:calls=(\d+),usec=(\d+)/gm)].map(([, name = '', calls, microseconds]) => ({
    name,
    calls: Number(calls),
    microseconds: Number(microseconds),
    kind: kinds.get(name) ?? 'other',
  }));
  return {
    clients: number('connected_clients'),
    keys,
    commandsPerSecond: number('instantaneous_ops_per_sec'),
    diskBytes: number('aof_current_size'),
    memoryBytes: number('used_memory'),
    networkBytes: number('total_net_input_bytes') + number('total_net_output_bytes'),
    hits: number('keyspace_hits'),
    misses: number('keyspace_misses'),
    commands,
  };
}

/** Reads which commands read and which write from the answer of `COMMAND`: name, arity, flags, … */
function kindsOf(commands: Reply): ReadonlyMap<string, CommandCount['kind']> {
  const kinds = new Map<string, CommandCount['kind']>();
  for (const command of Array.isArray(commands) ? commands : []) {
    const [name = null, , flags = null] = Array.isArray(command) ? command : [];
    const words = Array.isArray(flags) ? flags.map(textOf) : [];
    kinds.set(textOf(name), words.includes('write') ? 'write' : words.includes('readonly') ? 'read' : 'other');
  }
  return kinds;
}

function callsOf(counters: Counters, kind: CommandCount['kind']): number {
  return counters.commands.reduce((sum, command) => sum + (command.kind === kind ? command.calls : 0), 0);
}

function latencyMs(commands: readonly CommandCount[]): number {
  const calls = commands.reduce((sum, command) => sum + command.calls, 0);
  const microseconds = commands.reduce((sum, command) => sum + command.microseconds, 0);
  return calls === 0 ? 0 : microseconds / calls / 1000;
}

function textOf(reply: Reply): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply);
}
