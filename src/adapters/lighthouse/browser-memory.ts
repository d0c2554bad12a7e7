import type { Browser, CDPSession, Page } from 'puppeteer-core';
import { StagingError } from '../../core/errors.ts';
import type { JourneyStep } from '../../core/perf/memory.ts';
import type { BrowserMemory, OpenJourney, PageJourney } from '../../core/ports/measure.ts';
import type { WebTarget } from '../../core/ports/web.ts';
import { signPageIn } from './audit-page.ts';
import { type RunningChrome, startChrome } from './chrome.ts';

/** Bound on one step: to load a page, or to find what is clicked. */
const stepTimeoutMs = 10_000;

/** After a step the page is quiet once nothing was asked for so long; a page that never becomes quiet goes on after the bound. */
const quietMs = 100;
const quietWithinMs = 3000;

/** Returns what repeats a page's journey in a browser of its own. `path` finds its program; it throws `CHROME_NOT_FOUND`. */
export function browserMemory(path: (signal: AbortSignal) => Promise<string>): BrowserMemory {
  return {
    open: async (target, journey, signal) => {
      const chrome = await startChrome(await path(signal), target.resolve, signal);
      try {
        return await openJourney(chrome, target, journey, signal);
      } catch (error) {
        await chrome.close();
        signal.throwIfAborted();
        throw error;
      }
    },
  };
}

async function openJourney(chrome: RunningChrome, target: WebTarget, journey: PageJourney, signal: AbortSignal): Promise<OpenJourney> {
  const { default: puppeteer } = await import('puppeteer-core');
  const browser = await puppeteer.connect({ browserWSEndpoint: chrome.devtoolsUrl, defaultViewport: { width: 1280, height: 800 } });
  const page = await browser.newPage();
  page.setDefaultTimeout(stepTimeoutMs);
  await signPageIn(browser, page, target, journey.headers);
  const devtools = await page.createCDPSession();
  await devtools.send('Performance.enable');
  const open = async (path: string) => openPage(page, target, path);
  await open(journey.path);
  const steps: readonly JourneyStep[] = journey.steps.length === 0 ? [{ open: journey.path }] : journey.steps;
  return {
    cycle: async (cycleSignal) => {
      for (const step of steps) {
        cycleSignal.throwIfAborted();
        await ('open' in step ? open(step.open) : click(page, step.click));
        await quiet(page);
      }
      signal.throwIfAborted();
      return readMemory(devtools);
    },
    close: async () => closeAll(browser, chrome),
  };
}

async function openPage(page: Page, target: WebTarget, path: string): Promise<void> {
  const response = await page.goto(`${target.origin}${path}`, { waitUntil: 'load' }).catch((error: unknown) => {
    throw journeyFailed(`${path} did not load`, error);
  });
  const status = response?.status() ?? 0;
  if (status >= 400) throw journeyFailed(`${path} answered ${status}`);
  const arrived = new URL(page.url()).pathname;
  const wanted = new URL(path, target.origin).pathname;
  // A login wall would be repeated without a leak, whatever the page behind it does.
  if (arrived !== wanted) throw journeyFailed(`${path} led to ${arrived}`);
}

async function click(page: Page, selector: string): Promise<void> {
  try {
    await page.locator(selector).click();
  } catch (error) {
    throw journeyFailed(`nothing that can be clicked matches ${selector} on ${new URL(page.url()).pathname}`, error);
  }
}

async function quiet(page: Page): Promise<void> {
  await page.waitForNetworkIdle({ idleTime: quietMs, timeout: quietWithinMs }).catch(() => undefined);
}

/** Collects garbage and reads what is left (DevTools protocol: HeapProfiler.collectGarbage, Performance.getMetrics). */
async function readMemory(devtools: CDPSession) {
  // Once is not enough for what finalizers and detached trees let go of.
  for (let times = 0; times < 2; times += 1) await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { heapBytes: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') };
}

async function closeAll(browser: Browser, chrome: RunningChrome): Promise<void> {
  await browser.disconnect();
  await chrome.close();
}

function journeyFailed(reason: string, cause?: unknown): StagingError {
  return new StagingError('red', 'PERF_JOURNEY_FAILED', `The journey in the browser broke off: ${reason}.`, {
    fix: 'Correct `perf.memory.browser` in the configuration, or open the page in a browser to see what it does.',
    cause,
  });
}
