import type { Browser, CDPSession, Page } from 'puppeteer-core';
import { StagingError } from '../../core/errors.ts';
import type { PageAudit, PageRun } from '../../core/ports/measure.ts';
import type { WebTarget } from '../../core/ports/web.ts';
import { chromeVersion, startChrome } from './chrome.ts';
import { findChrome } from './find-chrome.ts';
import { readRun } from './lighthouse-result.ts';

/** Bound on one run; Lighthouse itself waits 45 s for a page to load (`maxWaitForLoad`) and needs 5 to 10 s beside that. */
const runTimeoutMs = 120_000;

/** What is audited. */
type AuditedPage = Parameters<PageAudit['audit']>[1];

/**
 * Returns the audit of pages by Lighthouse in a browser started for each run: no cache, cookie or service worker of one run
 * reaches the next. `chromePath` is found when undefined.
 */
export function lighthouseAudit(chromePath?: string): PageAudit {
  return {
    audit: async (target, page, signal) => {
      const chrome = await startChrome(await findChrome(chromePath), target.resolve, signal);
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(runTimeoutMs)]);
      try {
        return await untilAborted(auditIn(chrome.devtoolsUrl, target, page), bounded);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof StagingError) throw error;
        throw pageFailed(page.path, bounded.aborted ? `the audit took longer than ${runTimeoutMs / 1000} s` : reasonOf(error), error);
      } finally {
        await chrome.close();
      }
    },
    versions: async (signal) => {
      const browser = await chromeVersion(await findChrome(chromePath), signal);
      const { default: manifest } = await import('lighthouse/package.json', { with: { type: 'json' } });
      return { browser, lighthouse: manifest.version };
    },
  };
}

async function auditIn(devtoolsUrl: string, target: WebTarget, audited: AuditedPage): Promise<PageRun> {
  const [{ default: puppeteer }, { default: lighthouse, desktopConfig }] = await Promise.all([
    import('puppeteer-core'),
    import('lighthouse'),
  ]);
  const browser = await puppeteer.connect({ browserWSEndpoint: devtoolsUrl, defaultViewport: null });
  try {
    const page = await browser.newPage();
    await signPageIn(browser, page, target, audited.headers);
    const result = await lighthouse(
      `${target.origin}${audited.path}`,
      {
        output: 'json',
        logLevel: 'silent',
        onlyCategories: ['performance'],
        disableFullPageScreenshot: true,
        // An error page is judged by its status, with a message of our own.
        ignoreStatusCode: true,
      },
      audited.formFactor === 'desktop' ? desktopConfig : undefined,
      page,
    );
    const read = readRun(result?.lhr);
    if (read.kind === 'failed') throw pageFailed(audited.path, `${read.reason} (${read.code})`);
    return read.run;
  } finally {
    await browser.disconnect();
  }
}

/**
 * Signs the page in. Lighthouse's own `extraHeaders` go to every origin that a page loads from, a font service as well: cookies
 * are therefore set as cookies of this origin, and other headers are added to requests to this origin only.
 */
async function signPageIn(browser: Browser, page: Page, target: WebTarget, headers: Readonly<Record<string, string>>): Promise<void> {
  const { cookie, ...others } = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const { hostname, protocol } = new URL(target.origin);
  const secure = protocol === 'https:';
  const cookies = (cookie ?? '').split(';').flatMap((pair) => {
    const [name = '', ...value] = pair.trim().split('=');
    return name === '' ? [] : [{ name, value: value.join('='), domain: hostname, path: '/', httpOnly: true, secure }];
  });
  if (cookies.length > 0) await browser.setCookie(...cookies);
  const bypass = target.bypassSecret === undefined ? {} : { 'x-vercel-protection-bypass': target.bypassSecret };
  const added = { ...others, ...bypass };
  if (Object.keys(added).length > 0) await addHeaders(await page.createCDPSession(), target.origin, added);
}

async function addHeaders(session: CDPSession, origin: string, added: Readonly<Record<string, string>>): Promise<void> {
  session.on('Fetch.requestPaused', ({ requestId, request }) => {
    const merged = { ...request.headers, ...added };
    const headers = Object.entries(merged).map(([name, value]) => ({ name, value }));
    // The page may be gone by the time that its request is continued.
    session.send('Fetch.continueRequest', { requestId, headers }).catch(() => undefined);
  });
  await session.send('Fetch.enable', { patterns: [{ urlPattern: `${origin}/*` }] });
}

/** Rejects with the signal's reason when aborted; what the promise does after that is of no interest. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function pageFailed(path: string, reason: string, cause?: unknown): StagingError {
  return new StagingError('red', 'PERF_PAGE_FAILED', `Lighthouse could not audit ${path}: ${reason}.`, {
    fix: 'Open the page in a browser to see whether it loads.',
    cause,
  });
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').replace(/\.$/, '');
}
