import type { Browser, CDPSession, Page } from 'puppeteer-core';
import type { PageAudit } from '../../core/ports/measure.ts';
import type { WebTarget } from '../../core/ports/web.ts';
import { readRun, type ReadRun } from './lighthouse-result.ts';

/** What is audited. */
export type AuditedPage = Parameters<PageAudit['audit']>[1];

/** Loads Lighthouse, which takes a second or two; what is loaded stays loaded. */
export async function loadLighthouse() {
  const [{ default: puppeteer }, { default: lighthouse, desktopConfig }] = await Promise.all([
    import('puppeteer-core'),
    import('lighthouse'),
  ]);
  return { puppeteer, lighthouse, desktopConfig };
}

/** Audits a page once in the browser at a DevTools address, in a tab of its own. Throws what Lighthouse or the browser throw. */
export async function auditPage(devtoolsUrl: string, target: WebTarget, audited: AuditedPage): Promise<ReadRun> {
  const { puppeteer, lighthouse, desktopConfig } = await loadLighthouse();
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
    return readRun(result?.lhr);
  } finally {
    await browser.disconnect();
  }
}

/**
 * Signs a page in before it is opened. Lighthouse's own `extraHeaders` go to every origin that a page loads from, a font service as well: cookies
 * are therefore set as cookies of this origin, and other headers are added to requests to this origin only.
 */
export async function signPageIn(
  browser: Pick<Browser, 'setCookie'>,
  page: Page,
  target: WebTarget,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
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
