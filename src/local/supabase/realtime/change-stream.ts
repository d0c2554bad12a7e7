import type { Pgoutput } from 'pg-logical-replication';
import type { Sql } from '../connections.ts';
import { untilVisible } from './commit-visibility.ts';

/** A committed change of one row. Values are as Postgres writes them. */
export interface TableChange {
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly table: TableShape;
  /** The new row; empty for DELETE. A large value that an UPDATE left alone is missing. */
  readonly row: Readonly<Record<string, string | null>>;
  /** What is known of the old row: the primary key, or all with `replica identity full`. */
  readonly oldRow: Readonly<Record<string, string | null>>;
  /** ISO 8601 UTC. */
  readonly committedAt: string;
}

/** What is known of a table while its changes are sent. */
export interface TableShape {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ColumnShape[];
  readonly primaryKey: readonly string[];
  readonly rowSecurity: boolean;
}

interface ColumnShape {
  readonly name: string;
  /** Short name (`int4`, `_text`), as clients know it. */
  readonly type: string;
  /** Type as SQL writes it, for casts. */
  readonly sqlType: string;
}

/** A running stream of a database's committed changes. */
export interface ChangeStream {
  stop(): Promise<void>;
}

interface StreamOptions {
  /** Connection of a role with REPLICATION. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** For the catalog. */
  readonly sql: Sql;
  /** Called for one change after the other, in the order of commits. */
  onChange(change: TableChange): Promise<void>;
  /** Called once when the stream breaks by itself. */
  onBroken(error: Error): void;
}

const publication = 'supabase_realtime';
const slot = 'supabase_realtime_slot';

/**
 * Streams what is committed to the tables of the publication `supabase_realtime`, from pgoutput over a temporary slot: it goes when the
 * connection goes, so that nothing holds back the write-ahead log. Returns when the stream has begun: later commits are in it.
 */
export async function openChangeStream(options: StreamOptions): Promise<ChangeStream> {
  // Loaded at the first subscription: it brings a second Postgres client.
  const { LogicalReplicationService, PgoutputPlugin } = await import('pg-logical-replication');
  const slotName = `${slot}_${process.pid}_${Math.floor(performance.now() * 1000).toString(36)}`.toLowerCase();
  class TemporarySlotPlugin extends PgoutputPlugin {
    override async start(...[client, name, lsn]: Parameters<InstanceType<typeof PgoutputPlugin>['start']>): Promise<unknown> {
      await client.query(`CREATE_REPLICATION_SLOT ${name} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`);
      const answer: unknown = await super.start(client, name, lsn);
      return answer;
    }
  }
  const service = new LogicalReplicationService(options.connection, { acknowledge: { auto: true, timeoutSeconds: 10 } });
  const reader = changeReader(options);
  let state: 'starting' | 'running' | 'ended' = 'starting';
  const broken = (cause: unknown) => {
    const wasRunning = state === 'running';
    state = 'ended';
    void service.stop().catch(() => undefined);
    if (wasRunning) options.onBroken(asError(cause));
  };
  // A server that shuts down waits until exactly its last position is confirmed (walsender.c, WalSndDone). The library answers no
  // heartbeat, and confirms the position after the one it is given.
  service.on('heartbeat', (lsn: string, _time: number, shouldRespond: boolean) => {
    if (shouldRespond) void service.acknowledge(positionBefore(lsn));
  });
  service.on('data', (_lsn: string, message: Pgoutput.Message) => reader(message));
  const started = new Promise<void>((resolve, reject) => {
    const fail = (cause: unknown) => {
      reject(asError(cause));
      if (state !== 'ended') broken(cause);
    };
    service.once('start', () => {
      state = 'running';
      resolve();
    });
    service.on('error', fail);
    // Goes on as long as the connection does.
    void service.subscribe(new TemporarySlotPlugin({ protoVersion: 1, publicationNames: [publication] }), slotName).then(() => {
      fail(new Error('The replication connection ended.'));
    }, fail);
  });
  await started;
  return {
    stop: async () => {
      state = 'ended';
      await service.destroy();
    },
  };
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

function positionBefore(lsn: string): string {
  const [upper = '0', lower = '0'] = lsn.split('/');
  const position = (BigInt(`0x${upper}`) << 32n) + BigInt(`0x${lower}`) - 1n;
  return `${(position >> 32n).toString(16)}/${(position & 0xffffffffn).toString(16)}`;
}

/** Returns the reader of messages: it passes changes on one after the other. */
function changeReader(options: StreamOptions): (message: Pgoutput.Message) => void {
  const shapes = new Map<number, Promise<TableShape>>();
  let committedAt = '';
  let turn = Promise.resolve();
  return (message) => {
    switch (message.tag) {
      case 'begin':
        committedAt = new Date(Number(message.commitTime.valueOf() / 1000n)).toISOString();
        turn = turn.then(async () => untilVisible(options.sql, message.xid)).catch(() => undefined);
        return;
      case 'relation':
        // Values stay as Postgres writes them: the library would make dates and numbers of them.
        for (const column of message.columns) column.parser = (raw: unknown) => raw;
        shapes.set(message.relationOid, tableShape(options.sql, message));
        return;
      case 'insert':
      case 'update':
      case 'delete': {
        const shape = shapes.get(message.relation.relationOid) ?? tableShape(options.sql, message.relation);
        const at = committedAt;
        turn = turn
          .then(async () => options.onChange(changeOf(message, await shape, at)))
          // A change that cannot be read (its table is gone already) must not end the stream.
          .catch(() => undefined);
        return;
      }
      default:
    }
  };
}

function changeOf(
  message: Pgoutput.MessageInsert | Pgoutput.MessageUpdate | Pgoutput.MessageDelete,
  table: TableShape,
  committedAt: string,
): TableChange {
  const row = 'new' in message ? texts(message.new) : {};
  const known = 'old' in message ? texts(message.old ?? message.key ?? {}) : {};
  const keyOf = (from: Readonly<Record<string, string | null>>) =>
    Object.fromEntries(table.primaryKey.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
  switch (message.tag) {
    case 'insert':
      return { type: 'INSERT', table, row, oldRow: {}, committedAt };
    case 'update':
      return { type: 'UPDATE', table, row, oldRow: Object.keys(known).length === 0 ? keyOf(row) : known, committedAt };
    default:
      return { type: 'DELETE', table, row: {}, oldRow: known, committedAt };
  }
}

function texts(values: Readonly<Record<string, unknown>>): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' || value === null ? [[name, value]] : [])),
  );
}

async function tableShape(sql: Sql, { relationOid, schema, name }: Pgoutput.MessageRelation): Promise<TableShape> {
  const columns = await sql<{ name: string; type: string; sql_type: string; is_key: boolean }[]>`
    select a.attname as name, t.typname as type, format_type(a.atttypid, a.atttypmod) as sql_type,
      coalesce(a.attnum = any (i.indkey), false) as is_key
    from pg_attribute a join pg_type t on t.oid = a.atttypid
      left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
    where a.attrelid = ${relationOid} and a.attnum > 0 and not a.attisdropped order by a.attnum`;
  const [relation] = await sql<{ relrowsecurity: boolean }[]>`select relrowsecurity from pg_class where oid = ${relationOid}`;
  return {
    oid: relationOid,
    schema,
    name,
    columns: columns.map((column) => ({ name: column.name, type: column.type, sqlType: column.sql_type })),
    primaryKey: columns.filter((column) => column.is_key).map((column) => column.name),
    rowSecurity: relation?.relrowsecurity ?? true,
  };
}
