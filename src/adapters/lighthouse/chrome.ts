import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StagingError } from '../../core/errors.ts';
import { lastLine } from '../../core/printable.ts';

/** A browser of our own, with a profile of its own. */
export interface RunningChrome {
  /** Of the browser, which is the leader of its process group. */
  readonly pid: number;
  /** Address that DevTools clients connect to. */
  readonly devtoolsUrl: string;
  /** Ends the browser with all its processes and removes its profile. Does nothing the second time. */
  close(): Promise<void>;
}

/**
 * Hosts that a fresh Chromium 156 asks by itself, whatever the flags (seen in its net log: signed-in accounts, component and
 * extension updates). They are led nowhere, so that a measurement sends nothing beyond the pages that it loads.
 */
const ownHosts = ['accounts.google.com', 'update.googleapis.com', 'clients2.google.com', 'optimizationguide-pa.googleapis.com'];

/** Bound on a browser's start; 1 to 2 s is usual, ten times that on a busy machine. */
const startTimeoutMs = 30_000;

/** Kept of what a browser writes on stderr before it is ready. */
const stderrLimit = 16_384;

/**
 * Starts a headless browser. `resolve` leads host names to IP addresses. Throws `CHROME_NOT_STARTED` (kind `missing`) with the
 * last line that it wrote. Nothing is left behind when the start fails or is aborted.
 */
export async function startChrome(path: string, resolve: Readonly<Record<string, string>>, signal: AbortSignal): Promise<RunningChrome> {
  signal.throwIfAborted();
  const profile = await mkdtemp(join(tmpdir(), 'jv-staging-chrome-'));
  const flags = [...(await chromeFlags(resolve)), `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank'];
  const child = spawn(path, flags, {
    // The browser leads a process group of its own, so that one signal reaches its renderers too.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    // Nothing of our environment, which may hold secrets.
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: profile, LANG: 'C.UTF-8' },
  });
  const closing = closeOnce(child, profile);
  const onAbort = () => void closing();
  signal.addEventListener('abort', onAbort, { once: true });
  const close = async () => {
    signal.removeEventListener('abort', onAbort);
    await closing();
  };
  try {
    const devtoolsUrl = await devtoolsAddress(child, path);
    return { pid: child.pid ?? 0, devtoolsUrl, close };
  } catch (error) {
    await close();
    signal.throwIfAborted();
    throw error;
  }
}

/** Returns what the browser says about itself: `Chromium 156.0.8078.79`. Throws `CHROME_NOT_STARTED`. */
export async function chromeVersion(path: string, signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], {
      signal,
      timeout: startTimeoutMs,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: tmpdir(), LANG: 'C.UTF-8' },
    });
    return /[A-Za-z ]*\d+(?:\.\d+)+/.exec(stdout)?.[0].trim() ?? stdout.trim();
  } catch (error) {
    signal.throwIfAborted();
    throw notStarted(path, 'it does not tell its version', error);
  }
}

/** Returns the flags of a browser that measures: chrome-launcher's own for a quiet browser, and ours. */
async function chromeFlags(resolve: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { Launcher } = await import('chrome-launcher');
  const rules = [
    ...Object.entries(resolve).map(([host, address]) => `MAP ${host} ${address.includes(':') ? `[${address}]` : address}`),
    ...ownHosts.map((host) => `MAP ${host} ~NOTFOUND`),
  ];
  // Only the last --disable-features counts: ours joins the launcher's. Without it Chrome may try https for an http address first.
  const quiet = Launcher.defaultFlags().map((flag) => (flag.startsWith('--disable-features=') ? `${flag},HttpsUpgrades` : flag));
  return [
    ...quiet,
    '--headless=new',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-gpu',
    // Containers often have 64 MB of /dev/shm, in which a renderer crashes.
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-breakpad',
    '--no-first-run',
    `--host-resolver-rules=${rules.join(', ')}`,
  ];
}

async function devtoolsAddress(child: ChildProcess, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let written = '';
    const late = setTimeout(() => reject(notStarted(path, `it was not ready after ${startTimeoutMs / 1000} s`)), startTimeoutMs);
    const settle = (act: () => void) => {
      clearTimeout(late);
      act();
    };
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      // Read on after the address: a full pipe would stop the browser.
      if (written.length > stderrLimit) return;
      written += text;
      const address = /DevTools listening on (ws:\/\/\S+)/.exec(written)?.[1];
      if (address !== undefined) settle(() => resolve(address));
    });
    child.once('error', (error) => settle(() => reject(notStarted(path, error.message, error))));
    child.once('exit', (code, signalName) => {
      settle(() => reject(notStarted(path, `it ended with ${code ?? signalName}: ${lastLine(written)}`)));
    });
  });
}

function notStarted(path: string, reason: string, cause?: unknown): StagingError {
  return new StagingError('missing', 'CHROME_NOT_STARTED', `${path} does not start: ${reason}.`, {
    fix: `Run \`${path} --headless=new --no-sandbox --version\` to see what it lacks; on Debian \`apt-get install -y chromium\` brings its libraries.`,
    cause,
  });
}

function closeOnce(child: ChildProcess, profile: string): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= endChrome(child, profile);
    return closed;
  };
}

async function endChrome(child: ChildProcess, profile: string): Promise<void> {
  const exited = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const gone = exited ? Promise.resolve() : new Promise((resolve) => child.once('exit', resolve));
  if (child.pid !== undefined) killGroup(child.pid);
  await gone;
  // Renderers may write for a moment after their leader is gone.
  await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is already gone.
  }
}
