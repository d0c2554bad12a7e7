import { createHook } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { REALTIME_SUBSCRIBE_STATES, SupabaseClient } from '@supabase/supabase-js';
import { StagingError } from '../../core/errors.ts';
import type { Realtime, RealtimeOutcome } from '../../core/ports/web.ts';
import { clip } from '../../core/problem.ts';

/** Which Supabase project is spoken to. */
export interface SupabaseRealtimeOptions {
  /** Address of the project's gateway. */
  readonly url: string;
  readonly anonKey: string;
}

/** A row as PostgREST and Realtime give it. */
type StoredRow = Readonly<Record<string, unknown>>;

/** Something that came too late, or a channel that said no: the stage it happened in is the outcome. */
class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly stage: 'subscribe' | 'insert' | 'event';

  constructor(stage: SilenceError['stage'], message: string) {
    super(message);
    this.stage = stage;
  }
}

/** What a channel tells while it is open. */
interface Subscription {
  /** Returns once changes will be told; rejects with a `SilenceError`. */
  readonly ready: Promise<void>;
  /** Returns when the event of this row has come (it may have come already). */
  eventOf(row: StoredRow): Promise<void>;
}

/**
 * A joined channel may not yet follow the database (supabase/realtime#281): the server says so in a system message. Servers that
 * say nothing are taken at their word after this.
 */
const confirmationMs = 1000;
/** Bound on each piece of clearing away. */
const clearingMs = 3000;

/** Returns the port over supabase-js, as the app's own pages use it: each probe has its own socket and leaves nothing behind. */
export function supabaseRealtime({ url, anonKey }: SupabaseRealtimeOptions): Realtime {
  return {
    probe: async (table, row, session, timeoutMs, signal) => {
      signal.throwIfAborted();
      const client = await connect(url, anonKey, session.accessToken, timeoutMs);
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), timeoutMs);
      try {
        await client.realtime.setAuth(session.accessToken);
        return await follow(client, { table, row, timeoutMs }, AbortSignal.any([signal, late.signal]));
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof SilenceError) return { kind: 'silent', stage: error.stage, message: error.message };
        throw error;
      } finally {
        clearTimeout(timer);
        await within(clearingMs, Promise.all(client.getChannels().map((channel) => client.removeChannel(channel))));
        await within(
          clearingMs,
          withoutHolding(() => client.realtime.disconnect()),
        );
      }
    },
  };
}

async function connect(url: string, anonKey: string, accessToken: string, timeoutMs: number): Promise<SupabaseClient> {
  const { createClient } = await import('@supabase/supabase-js');
  return createClient(url, anonKey, {
    accessToken: async () => accessToken,
    // Sent again by themselves, an insert would leave two rows, and a dead Realtime would look slow.
    db: { retry: false },
    realtime: { timeout: timeoutMs, reconnectAfterMs: () => timeoutMs * 2 },
  });
}

/** What a probe does. */
interface Probe {
  readonly table: string;
  readonly row: StoredRow;
  readonly timeoutMs: number;
}

async function follow(client: SupabaseClient, { table, row, timeoutMs }: Probe, signal: AbortSignal): Promise<RealtimeOutcome> {
  const { REALTIME_SUBSCRIBE_STATES: states } = await import('@supabase/supabase-js');
  const subscription = subscribe(client, table, timeoutMs, states.SUBSCRIBED);
  await inTime('subscribe', signal, timeoutMs, subscription.ready);
  const startedMs = performance.now();
  const giveUp = new AbortController();
  const inserting = insert(client, table, row, giveUp.signal);
  const answered = inserting.catch(() => undefined);
  try {
    const stored = await inTime('insert', signal, timeoutMs, inserting);
    await inTime('event', signal, timeoutMs, subscription.eventOf(stored));
    return { kind: 'event', afterMs: performance.now() - startedMs };
  } finally {
    // An insert on its way is waited for, not cut: the server may store the row all the same, and nobody would remove it.
    const timer = setTimeout(() => giveUp.abort(), clearingMs);
    const stored = await answered;
    clearTimeout(timer);
    if (stored !== undefined) await remove(client, table, stored);
  }
}

/** `joined` is the status of a channel that follows its topic. */
function subscribe(client: SupabaseClient, table: string, timeoutMs: number, joined: REALTIME_SUBSCRIBE_STATES): Subscription {
  const seen: StoredRow[] = [];
  let onRow: (row: StoredRow) => void = (row) => seen.push(row);
  const options = { config: { postgres_changes_options: { wait: true, timeout: timeoutMs } } };
  const channel = client.channel(`jv-probe-${randomUUID()}`, options);
  const ready = new Promise<void>((resolve, reject) => {
    channel
      .on('postgres_changes', { event: 'INSERT', schema: 'public', table }, (change) => onRow(change.new))
      .on('system', {}, (message) => {
        if (message.extension !== 'postgres_changes') return;
        if (message.status === 'ok') resolve();
        else reject(new SilenceError('subscribe', clip(message.message, 160)));
      })
      .subscribe((status, error) => {
        if (status === joined) void delay(confirmationMs, undefined, { ref: false }).then(resolve);
        else reject(new SilenceError('subscribe', error === undefined ? `the channel was ${status}` : clip(reasonOf(error), 160)));
      });
  });
  ready.catch(() => undefined);
  return {
    ready,
    eventOf: (row) =>
      new Promise((resolve) => {
        const look = (change: StoredRow) => {
          if (isSameRow(change, row)) resolve();
        };
        onRow = look;
        seen.forEach(look);
      }),
  };
}

/** The socket's own error says little; its cause says more. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== '' ? `${error.message}: ${error.cause.message}` : error.message;
}

async function insert(client: SupabaseClient, table: string, row: StoredRow, signal: AbortSignal): Promise<StoredRow> {
  const { data, error } = await client.from(table).insert(row).select().abortSignal(signal);
  if (error !== null) {
    throw new SilenceError('insert', `${clip(error.message, 160)}${error.code === '' ? '' : ` (${error.code})`}`);
  }
  const stored: StoredRow | undefined = data[0];
  if (stored === undefined) throw new SilenceError('insert', 'the row was not given back');
  return stored;
}

/** Removes the row as the user who inserted it, however the probe ended. */
async function remove(client: SupabaseClient, table: string, row: StoredRow): Promise<void> {
  const { data, error } = await client.from(table).delete().match(keyOf(row)).select().abortSignal(AbortSignal.timeout(clearingMs));
  if (error === null && data.length > 0) return;
  throw new StagingError(
    'red',
    'REALTIME_ROW_LEFT',
    `The probe's row in ${table} could not be removed again: ${error === null ? 'no row matched' : clip(error.message, 160)}.`,
    {
      fix: `Let the user who inserts into ${table} delete its own rows, and remove the row ${clip(JSON.stringify(keyOf(row)), 160)}.`,
    },
  );
}

/** Returns what a row is known by: its `id`, or every plain value in it. */
function keyOf(row: StoredRow): Record<string, unknown> {
  if (typeof row['id'] === 'string' || typeof row['id'] === 'number') return { id: row['id'] };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)));
}

function isSameRow(change: StoredRow, row: StoredRow): boolean {
  return Object.entries(keyOf(row)).every(([name, value]) => String(change[name]) === String(value));
}

/** Waits for work until the signal is aborted; then the stage was silent. */
async function inTime<Value>(stage: SilenceError['stage'], signal: AbortSignal, timeoutMs: number, work: Promise<Value>): Promise<Value> {
  const silence = () => new SilenceError(stage, `${stage === 'insert' ? 'no answer' : 'nothing'} within ${timeoutMs} ms`);
  if (signal.aborted) throw silence();
  let stop: () => void = () => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    stop = () => reject(silence());
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Starts work whose timers do not keep the process alive: realtime-js 2.119 leaves one of 10 s behind each `disconnect`
 * (`phoenix/socketAdapter.ts`, read 2026-11-22). May go when that timer is cleared.
 */
function withoutHolding<Value>(start: () => Value): Value {
  const timers: object[] = [];
  const hook = createHook({ init: (_id, type, _trigger, resource) => void (type === 'Timeout' && timers.push(resource)) });
  hook.enable();
  try {
    return start();
  } finally {
    hook.disable();
    for (const timer of timers) if ('unref' in timer && typeof timer.unref === 'function') timer.unref();
  }
}

/** Waits for clearing up, but not for ever: the socket may be dead. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work.catch(() => undefined), delay(ms, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
}
