/**
 * Preloaded into the tool under test (`node --import`): ends it with SIGKILL at one point of one step of its journal, named by `KILL_AT`
 * as `<journal path> <point>`. The points:
 *
 * - `before`: the intent is on disk, and the first thing that would change something is about to be done;
 * - `sent`: that thing was handed over (a request, a query, a file's draft), and at most what comes back within a moment was taken;
 * - `replied`: everything was done and answered, and the outcome is about to be written into the journal;
 * - `journaled`: the outcome is on disk, and nothing that comes after it was done.
 *
 * Nothing of the tool knows of it: it watches what the tool writes to files and sockets.
 */
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';

const [path = '', point = ''] = (process.env['KILL_AT'] ?? '').split(' ');
const isTool = process.argv[1]?.endsWith('bin/run.js') === true;

function kill(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment, in which nothing more may happen.
  for (;;);
}

/** True between the intent of the step and its outcome. */
let within = false;

/** Called for each thing that changes something outside; returns after `act` was called. */
function change<Result>(act: () => Result): Result {
  if (!within) return act();
  if (point === 'before') kill();
  const result = act();
  // Long enough to reach the other side, which may or may not have acted on it.
  if (point === 'sent') setTimeout(kill, 15);
  return result;
}

/** Looks at what is written to a file: a line of the journal (then true), and whether it is the outcome of the step. */
function watchLine(text: string): { readonly isJournal: boolean; readonly isOutcome: boolean } {
  if (!text.includes('"phase":')) return { isJournal: false, isOutcome: false };
  const entry: unknown = JSON.parse(text.trim().split('\n').at(-1) ?? '');
  if (typeof entry !== 'object' || entry === null || !('path' in entry) || !('phase' in entry) || entry.path !== path) {
    return { isJournal: true, isOutcome: false };
  }
  if (entry.phase === 'intent') within = true;
  // A machine that answers within that moment must not be seen to come further.
  else if (point === 'sent' || point === 'replied') kill();
  return { isJournal: true, isOutcome: entry.phase !== 'intent' };
}

async function watchFiles(): Promise<void> {
  const handle = await open('/dev/null');
  const prototype: { writeFile(data: unknown, ...rest: unknown[]): Promise<void> } = Object.getPrototypeOf(handle);
  await handle.close();
  const { writeFile } = prototype;
  prototype.writeFile = async function (this: unknown, data: unknown, ...rest: unknown[]) {
    const write = () => Reflect.apply(writeFile, this, [data, ...rest]);
    const { isJournal, isOutcome } = watchLine(typeof data === 'string' ? data : '');
    if (!isJournal) return change(write);
    await write();
    if (isOutcome) kill();
  };
}

function watchSockets(): void {
  const { write } = Socket.prototype;
  const watched = function (this: Socket, ...args: unknown[]) {
    const send = () => Reflect.apply(write, this, args);
    const [data] = args;
    const text = typeof data === 'string' ? data : data instanceof Uint8Array ? Buffer.from(data).subarray(0, 8).toString('latin1') : '';
    // Standard streams are sockets, too, but lead to no other machine; reading changes nothing.
    return this.remotePort === undefined || /^(?:GET|HEAD) /.test(text) ? send() : change(send);
  };
  Reflect.set(Socket.prototype, 'write', watched);
}

if (isTool && path !== '') {
  await watchFiles();
  watchSockets();
}
