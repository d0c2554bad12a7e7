import { StagingError } from '../../core/errors.ts';
import type { PageAudit } from '../../core/ports/measure.ts';
import { chromeVersion, startChrome } from './chrome.ts';
import { spareWorker } from './worker-process.ts';

/** Bound on one run; Lighthouse itself waits 45 s for a page to load (`maxWaitForLoad`) and needs 5 to 10 s beside that. */
const runTimeoutMs = 120_000;

/** What the audit is made of. */
export interface LighthouseOptions {
  /** The program that Lighthouse runs in: `dist/lighthouse-worker.js`, or `worker.ts` from source. */
  readonly worker: string;
  /** Finds the browser's program. Throws `CHROME_NOT_FOUND`. */
  readonly path: (signal: AbortSignal) => Promise<string>;
  /** Returns the arguments by which a Node program finds Lighthouse; none when it lies beside it. */
  readonly nodeArguments?: ((signal: AbortSignal) => Promise<readonly string[]>) | undefined;
}

/** An audit that keeps a process for the next run. */
export interface ClosablePageAudit extends PageAudit {
  /** Ends that process at once; it ends by itself some seconds after the last run. */
  close(): Promise<void>;
}

/**
 * Returns the audit of pages by Lighthouse in a browser started for each run: no cache, cookie or service worker of one run
 * reaches the next. Lighthouse itself runs in a process of its own: it takes up to 400 MB and cannot be broken off otherwise.
 */
export function lighthouseAudit({ worker: workerPath, path: find, nodeArguments }: LighthouseOptions): ClosablePageAudit {
  const spare = spareWorker(workerPath);
  return {
    close: () => spare.close(),
    audit: async (target, page, signal) => {
      const [path, nodeArgs] = await Promise.all([find(signal), nodeArguments?.(signal)]);
      // Lighthouse loads while the browser starts.
      const worker = spare.take(nodeArgs);
      let answered = false;
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(runTimeoutMs)]);
      try {
        const chrome = await startChrome(path, target.resolve, signal);
        try {
          const read = await untilAborted(worker.audit({ devtoolsUrl: chrome.devtoolsUrl, target, page }), bounded);
          answered = true;
          if (read.kind === 'failed') throw pageFailed(page.path, `${reasons[read.code] ?? read.reason} (${read.code})`);
          return read.run;
        } finally {
          await chrome.close();
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof StagingError) throw error;
        throw pageFailed(page.path, bounded.aborted ? `the audit took longer than ${runTimeoutMs / 1000} s` : reasonOf(error), error);
      } finally {
        if (answered) spare.keep(worker);
        else await worker.close();
      }
    },
    versions: async (signal) => {
      const browser = await chromeVersion(await find(signal), signal);
      await nodeArguments?.(signal);
      const { default: manifest } = await import('lighthouse/package.json', { with: { type: 'json' } });
      return { browser, lighthouse: manifest.version };
    },
  };
}

/** Rejects with the signal's reason when aborted; what the promise does after that is of no interest. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

const unanswered = 'the target did not answer the browser, or led it to a host that does not';

/** What Lighthouse says of these is for people who look at the browser (`core/lib/lh-error.js` of 13.5.0). */
const reasons: Readonly<Record<string, string>> = { CHROME_INTERSTITIAL_ERROR: unanswered, FAILED_DOCUMENT_REQUEST: unanswered };

function pageFailed(path: string, reason: string, cause?: unknown): StagingError {
  return new StagingError('red', 'PERF_PAGE_FAILED', `Lighthouse could not audit ${path}: ${reason}.`, {
    fix: `Run \`curl -sv -m 30\` with the address of ${path} to see what answers, or open it in a browser.`,
    cause,
  });
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').replace(/\.$/, '');
}
