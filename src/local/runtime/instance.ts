import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Account } from '../service.ts';
import type { FunctionFile } from './functions.ts';
import type { InstanceFiles } from './instance-files.ts';

/** A running process that serves functions of one deployment. */
export interface Instance {
  readonly port: number;
  readonly secret: string;
  /** Keeps connections to this instance only. */
  readonly agent: Agent;
  isAlive(): boolean;
  /** Resolves once it has ended, or after a moment: a connection breaks before the process's end is told. */
  goneOrSo(): Promise<void>;
  /** Asks it to end, kills it after a moment, waits until it is gone. */
  stop(): Promise<void>;
}

/** What an instance runs. */
export interface InstanceSpec {
  readonly id: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly functions: readonly FunctionFile[];
}

/** What starting an instance needs from its surroundings. */
export interface InstanceHost {
  readonly files: InstanceFiles;
  readonly account: Account | undefined;
  onLine(id: string, stream: 'stdout' | 'stderr', text: string): void;
  onStarted(pid: number, id: string): void;
}

/** Edge functions are modules in a context of their own, which Node calls experimental. */
const nodeOptions = ['--disable-warning=ExperimentalWarning', '--enable-source-maps', '--experimental-vm-modules'];

const startTimeoutMs = 15_000;
const stopGraceMs = 1_500;

/** Starts an instance and returns it once it answers a request. Throws with its last words when it does not. */
export async function startInstance(spec: InstanceSpec, host: InstanceHost): Promise<Instance> {
  const secret = randomBytes(24).toString('hex');
  const lastWords: string[] = [];
  const child = spawn(host.files.node, [...nodeOptions, host.files.entry], {
    cwd: spec.cwd,
    env: environmentOf(spec),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(host.account ? { uid: host.account.uid, gid: host.account.gid } : {}),
  });
  child.setMaxListeners(0); // each request that it broke waits for its end
  const hear = (stream: 'stdout' | 'stderr') => (text: string) => {
    if (lastWords.push(text) > 20) lastWords.shift();
    host.onLine(spec.id, stream, text);
  };
  readLines(child.stdout, hear('stdout'));
  readLines(child.stderr, hear('stderr'));
  try {
    const port = await portOf(child, spec, secret);
    if (child.pid !== undefined) host.onStarted(child.pid, spec.id);
    await ping(port, secret);
    const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 256 });
    return {
      port,
      secret,
      agent,
      isAlive: () => isRunning(child),
      goneOrSo: () => goneOrSo(child),
      stop: () => stop(child, agent),
    };
  } catch (error) {
    await stop(child);
    const said = lastWords.length > 0 ? ` It said: ${lastWords.slice(-5).join(' | ')}` : '';
    throw new Error(`The deployment's process did not start: ${error instanceof Error ? error.message : String(error)}.${said}`, {
      cause: error,
    });
  }
}

/** Variables that AWS Lambda sets below Vercel's Node functions, as far as apps look at them; the project's own win. */
function environmentOf(spec: InstanceSpec): NodeJS.ProcessEnv {
  const ofFunctions = Object.fromEntries(spec.functions.filter(isNode).flatMap((one) => Object.entries(one.environment)));
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', TZ: ':UTC', LANG: 'en_US.UTF-8', ...ofFunctions, ...spec.env };
}

function isNode({ runtime }: FunctionFile): boolean {
  return runtime === 'node'; // an edge function's own variables exist in its context only
}

function readLines(stream: Readable | null, onLine: (text: string) => void): void {
  if (stream) createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
}

function portOf(child: ChildProcess, spec: InstanceSpec, secret: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${startTimeoutMs} ms`)), startTimeoutMs);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${signal ?? `exit code ${code}`}`)));
    child.once('message', (message: { readonly port: number }) => {
      clearTimeout(timer);
      resolve(message.port);
    });
    const functions = Object.fromEntries(spec.functions.map((one) => [one.name, one]));
    child.send({ cwd: spec.cwd, secret, functions }, (error) => {
      if (error) reject(error);
    });
  });
}

/** Asks the instance for a sign of life: an empty function name. */
function ping(port: number, secret: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-jv-secret': secret, 'x-jv-function': '' };
    const probe = request({ host: '127.0.0.1', port, headers, timeout: startTimeoutMs, agent: false }, (response: IncomingMessage) => {
      response.resume();
      if (response.statusCode === 204) resolve();
      else reject(new Error(`it answered ${response.statusCode} instead of 204`));
    });
    probe.once('timeout', () => probe.destroy(new Error('it took the connection and did not answer')));
    probe.once('error', reject);
    probe.end();
  });
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null && child.pid !== undefined;
}

/** How long a process that broke a connection may take to be known as ended, in milliseconds. */
const endingMs = 500;

function goneOrSo(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (!isRunning(child)) return resolve();
    const done = () => {
      clearTimeout(timer);
      child.off('exit', done);
      resolve();
    };
    const timer = setTimeout(done, endingMs);
    child.on('exit', done);
  });
}

async function stop(child: ChildProcess, agent?: Agent): Promise<void> {
  if (isRunning(child)) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }
  agent?.destroy();
}
