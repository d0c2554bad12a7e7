import type { HTTPResponse, Page } from 'puppeteer-core';
import { StagingError } from '../../core/errors.ts';
import type { BrowserOutcome, PageBrowser } from '../../core/ports/probes.ts';
import type { WebTarget } from '../../core/ports/web.ts';
import { clip } from '../../core/problem.ts';
import { signPageIn } from '../lighthouse/audit-page.ts';
import { type RunningChrome, startChrome } from '../lighthouse/chrome.ts';

/** Which browser is used. */
export interface PageBrowserOptions {
  /** Finds the browser; asked once, when the first page is opened. Throws `CHROME_NOT_FOUND`. */
  readonly path: () => Promise<string>;
}

/** Errors of a page that are kept. */
const errorsAtMost = 20;
/** A page counts as loaded when nothing was on its way for this long, or when its time is over. */
const idleMs = 300;

/** Returns the port over one Chrome of our own, started with the first page; each page gets a context of its own. */
export function pageBrowser({ path }: PageBrowserOptions): PageBrowser {
  const started = new Map<string, Promise<RunningChrome>>();
  const chromeFor = (target: WebTarget): Promise<RunningChrome> => {
    const key = JSON.stringify(target.resolve);
    // Not bound to one check's signal: others use it after that check is over. `close` ends it.
    const known = started.get(key) ?? path().then((program) => startChrome(program, target.resolve, new AbortController().signal));
    started.set(key, known);
    return known;
  };
  return {
    visit: async (target, page, signal) => {
      signal.throwIfAborted();
      const chrome = await chromeFor(target);
      return await visit(chrome.devtoolsUrl, target, page, signal);
    },
    close: async () => {
      const open = [...started.values()];
      started.clear();
      await Promise.allSettled(open.map(async (chrome) => await (await chrome).close()));
    },
  };
}

async function visit(
  devtoolsUrl: string,
  target: WebTarget,
  { path, headers, timeoutMs }: Parameters<PageBrowser['visit']>[1],
  signal: AbortSignal,
): Promise<BrowserOutcome> {
  const { default: puppeteer } = await import('puppeteer-core');
  const browser = await puppeteer.connect({ browserWSEndpoint: devtoolsUrl, defaultViewport: null });
  const context = await browser.createBrowserContext();
  const stop = () => void context.close().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const page = await context.newPage();
    const errors = listen(page, target);
    await signPageIn(context, page, target, headers);
    await page.goto(`${target.origin}${path}`, { timeout: timeoutMs, waitUntil: 'load' });
    // What the page does after it has loaded counts as well; a connection that stays open is no fault.
    await page.waitForNetworkIdle({ idleTime: idleMs, timeout: Math.min(timeoutMs, 5000) }).catch(() => undefined);
    return { kind: 'loaded', errors: errors() };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StagingError || !(error instanceof Error)) throw error;
    return { kind: 'failure', message: clip(error.message, 160) };
  } finally {
    signal.removeEventListener('abort', stop);
    await context.close().catch(() => undefined);
    await browser.disconnect();
  }
}

/** Notes what goes wrong on a page: its console's errors, exceptions that nobody caught, and resources of its own that do not come. */
function listen(page: Page, target: WebTarget): () => readonly string[] {
  const errors = new Set<string>();
  const note = (text: string) => {
    if (errors.size < errorsAtMost) errors.add(clip(text, 160));
  };
  page.on('console', (message) => {
    // Of a resource that did not load the console names no address: it is noted from its answer instead.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) note(message.text());
  });
  page.on('pageerror', (error) => note(error instanceof Error ? `${error.name}: ${error.message}` : String(error)));
  page.on('response', (response: HTTPResponse) => {
    if (response.status() >= 400) note(`${pathOf(response.url(), target)} answered ${response.status()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'failed';
    // A page that leaves something behind on purpose aborts it.
    if (reason !== 'net::ERR_ABORTED') note(`${pathOf(request.url(), target)} did not load (${reason})`);
  });
  return () => [...errors];
}

/** A path of the address under test, or another address without its query, which may hold a token. */
function pathOf(url: string, target: WebTarget): string {
  if (!URL.canParse(url)) return clip(url, 60);
  const { origin, pathname } = new URL(url);
  return origin === target.origin ? pathname : `${origin}${pathname}`;
}
