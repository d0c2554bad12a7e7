import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { Launcher } from 'chrome-launcher';
import { type Browser, launch } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { RunReport } from '../../../src/core/report.ts';
import type { StageResult } from '../../../src/core/verdict.ts';
import { renderReportHtml } from '../../../src/output/html/report.ts';
import { sampleLoad, samplePerf, sampleRedReport, sampleReport } from '../../support/sample-report.ts';

const hostile = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'` onload=alert(1) \u001B[2J\u202E';

/** Returns the report with a hostile text in every place that takes one. */
function hostileReport(): RunReport {
  const report = sampleReport();
  const text = (place: string) => `${place} ${hostile}`;
  const stages = report.stages.map((stage): StageResult => ({
    ...stage,
    stage: text(stage.stage),
    summary: text('summary'),
    findings: stage.findings.map((finding) => ({
      ...finding,
      verdict: 'red',
      title: text('title'),
      seen: text('seen'),
      expected: text('expected'),
      message: text('message'),
      fix: text('fix'),
    })),
    details: hostileDetails(stage),
  }));
  return {
    ...report,
    stages,
    environment: text('environment'),
    url: `javascript:alert(1)//${hostile}`,
    gitSha: text('sha'),
    releaseId: text('release'),
    runId: text('run'),
    notRun: [{ stage: 'load', reason: text('reason') }],
  };
}

function hostileDetails(stage: StageResult): unknown {
  if (stage.stage === 'perf') {
    return {
      ...samplePerf,
      pages: samplePerf.pages.map((page) => ({
        ...page,
        path: hostile,
        runs: page.runs.map((run) => ({ ...run, filmstrip: [{ atMs: 1, image: 'data:image/svg+xml,<svg onload=alert(1)>' }] })),
      })),
      endpoints: samplePerf.endpoints.map((each) => ({ ...each, path: hostile })),
      versions: { browser: hostile, lighthouse: hostile },
      memory: { ...samplePerf.memory, browser: { ...samplePerf.memory?.browser, path: hostile } },
      database: { statements: [{ id: hostile, text: hostile, calls: 1, totalMs: 1 }], unindexedKeys: [], tableRows: [] },
      baseline: { name: hostile, figures: [{ what: hostile, before: 1, now: 2, unit: 'ms', regressed: true }] },
    };
  }
  if (stage.stage === 'load') {
    const { measurement } = sampleLoad;
    return {
      ...sampleLoad,
      measurement: { ...measurement, engineVersion: hostile, byRequest: { [hostile]: measurement.all, second: measurement.all } },
    };
  }
  return stage.details;
}

describe('the report page', { timeout: 60_000 }, () => {
  it('draws a chart for each kind of measurement and says each in words', async () => {
    const page = await renderReportHtml(sampleReport());

    for (const title of [
      'Lighthouse performance score, each run',
      'Filmstrip',
      'API latency',
      'Database connections while requests run',
      'Heap of the server over its soak',
      'Heap of /dashboard in the browser over its journey',
      'Latency against virtual users',
      'Requests and errors a second',
      'Percentiles',
    ]) {
      expect(page).toContain(`<strong>${title}</strong>`);
    }
    expect(page.match(/<svg /g)).toHaveLength(16);
    expect(page).toContain('The slowest p95 is 186 ms (POST /api/requests)');
  });

  it('tells the steps of a heap’s axis apart, and draws no bar for what was not measured', async () => {
    const page = await renderReportHtml(sampleReport());
    const labels = [...page.matchAll(/>(\d+\.\d+) MB<\/text>/g)].map(([, label]) => label);

    expect(labels.length).toBeGreaterThan(8);
    expect(page.slice(page.indexOf('<strong>API latency</strong>'), page.indexOf('<strong>Database connections'))).not.toContain('>0 ms<');
    expect(labels).toEqual(expect.arrayContaining(['40.5', '41.0', '1.38', '1.40']));
  });

  it('names no target, commit or release where there was no configuration', async () => {
    const alone = { ...sampleReport(), environment: 'app.example.test', url: 'https://app.example.test', gitSha: null, releaseId: null };

    const page = await renderReportHtml(alone);
    const of = await renderReportHtml(sampleReport());

    expect(page).toContain('none: the address alone was asked');
    for (const name of ['Target', 'Commit', 'Release']) {
      expect(page).not.toContain(`<dt>${name}</dt>`);
      expect(of).toContain(`<dt>${name}</dt>`);
    }
  });

  it('shows every outage of a watch, and survives one that it cannot read', async () => {
    const outage = { from: '2026-11-26T12:00:50.000Z', durationMs: 15_000, samples: 3, checks: ['home'], message: 'Home answered 500.' };
    const watch = (outages: readonly unknown[]): StageResult => ({
      stage: 'watch',
      verdict: 'red',
      summary: '96 %',
      findings: [],
      startedAt: '2026-11-26T12:00:00.000Z',
      durationMs: 600_000,
      details: { everyMs: 5000, watchedMs: 600_000, unwatchedMs: 0, outages },
    });

    const page = await renderReportHtml({ ...sampleReport(), stages: [watch(Array.from({ length: 5 }, () => outage))] });
    const damaged = await renderReportHtml({ ...sampleReport(), stages: [watch([null, {}])] });

    expect(page.split('2026-11-26 12:00:50')).toHaveLength(6);
    expect(page).toContain('Home answered 500.');
    expect(page).toContain('Down for 1 m 15 s of 10 m 00 s, in 5 outages.');
    expect(damaged).not.toContain('Outage from');
  });

  it('shows how long each way of a drill took and what of it each step, and survives one that it cannot read', async () => {
    const leg = (direction: string, rtoMs: number, steps: readonly unknown[]) => ({ direction, from: 'rel_2', to: 'rel_1', rtoMs, steps });
    const legs = [
      leg('back', 4321, [
        { id: 'move-domain', durationMs: 1234 },
        { id: 'smoke-domain', durationMs: 2900 },
      ]),
      leg('forward', 5400, [{ id: 'apply', durationMs: 345 }]),
    ];
    const drill = (details: unknown): StageResult => ({
      stage: 'rollback-drill',
      verdict: 'green',
      summary: '',
      findings: [],
      startedAt: '',
      durationMs: 1,
      details,
    });

    const page = await renderReportHtml({ ...sampleReport(), stages: [drill({ legs })] });
    const damaged = await renderReportHtml({ ...sampleReport(), stages: [drill({ legs: [null, { direction: 'back' }] })] });

    const cells = [...page.matchAll(/<t[hd][^>]*>([^<]*)<\/t[hd]>/g)].map(([, text]) => text?.trim());
    expect(cells).toEqual(
      expect.arrayContaining([
        'Way',
        'RTO',
        'Apply',
        'Move domain',
        'Smoke',
        'Back to rel_1',
        '4.3 s',
        '1.2 s',
        'Forward to rel_1',
        '345 ms',
        '–',
      ]),
    );
    expect(page).not.toContain('Pause queues');
    expect(damaged).not.toContain('RTO');
  });

  it('draws the limit where the figures come near it', async () => {
    const near = { ...sampleLoad, thresholds: { p95Ms: 200, errorRate: 0.01 } };
    const report = sampleReport();
    const page = await renderReportHtml({
      ...report,
      stages: [
        { ...report.stages[5], stage: 'load', verdict: 'red', summary: '', findings: [], startedAt: '', durationMs: 1, details: near },
      ],
    });

    expect(page).toContain('>limit 200 ms</text>');
  });

  it('needs no charting library for a report without measurements, and survives details that it does not know', async () => {
    const report = sampleReport();
    const stages = report.stages.map((stage) => ({ ...stage, details: { pages: 'none', measurement: null } }));

    expect(await renderReportHtml({ ...report, stages })).not.toContain('<svg');
  });

  it('masks secrets', async () => {
    const page = await renderReportHtml(sampleReport(), (text) => text.replaceAll('jetvision-assistant', '***'));

    expect(page).not.toContain('jetvision-assistant');
  });

  it('writes nothing while it draws', async () => {
    const spies = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
    await renderReportHtml(sampleReport());

    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });
});

const [chrome] = Launcher.getInstallations();

describe.skipIf(chrome === undefined)('the report page in a real browser', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'jv-report-'));
  let browser: Browser;

  beforeAll(async () => {
    const args = [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ];
    browser = await launch({ executablePath: chrome ?? '', args });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(report: RunReport, view: { readonly width: number; readonly scheme: 'light' | 'dark' }) {
    const file = path.join(folder, `${view.width}-${view.scheme}-${report.verdict}.html`);
    writeFileSync(file, await renderReportHtml(report));
    const page = await browser.newPage();
    const seen = { complaints: new Array<string>(), requests: new Array<string>() };
    page.on('console', (message) => seen.complaints.push(message.text()));
    page.on('pageerror', (error) => seen.complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      seen.complaints.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => seen.requests.push(request.url()));
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: view.scheme }]);
    await page.setViewport({ width: view.width, height: 900 });
    await page.goto(pathToFileURL(file).href);
    return { page, file: pathToFileURL(file).href, seen };
  }

  it.each([
    ['a desktop in light', sampleReport(), 1280, 'light'],
    ['a desktop in dark', sampleRedReport(), 1280, 'dark'],
    ['a phone in light', sampleReport(), 390, 'light'],
    ['a phone in dark', sampleRedReport(), 390, 'dark'],
    ['a small phone, hostile texts', hostileReport(), 320, 'light'],
  ] as const)(
    'on %s asks for nothing, complains about nothing and fits',
    async (_, report, width, scheme) => {
      const { page, file, seen } = await open(report, { width, scheme });
      await page.evaluate('document.querySelectorAll("details").forEach((each) => { each.open = true; })');

      expect(seen.complaints).toEqual([]);
      expect(seen.requests.filter((url) => url !== file && !url.startsWith('data:'))).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      expect(
        await page.evaluate(
          '[document.scripts.length, [...document.images].filter((image) => !image.src.startsWith("data:image/jpeg;base64,") || image.naturalWidth === 0).length, document.querySelectorAll("[onload],[onerror],[href^=javascript]").length]',
        ),
      ).toEqual([0, 0, 0]);
      await page.close();
    },
    60_000,
  );

  it('shows the film of a page that loads, each picture with its time', async () => {
    const { page } = await open(sampleReport(), { width: 390, scheme: 'light' });

    expect(await page.evaluate('[...document.images].map((image) => image.alt)')).toEqual([
      '/ (desktop) after 375 ms',
      '/ (desktop) after 750 ms',
      '/ (desktop) after 1.1 s',
      '/ (desktop) after 1.5 s',
    ]);
    await page.close();
  }, 60_000);

  it('shows hostile text as text', async () => {
    const { page } = await open(hostileReport(), { width: 1280, scheme: 'light' });

    expect(await page.evaluate('document.body.innerText')).toContain(
      String.raw`title <script>alert(1)</script><img src=x onerror=alert(1)>"'${'`'} onload=alert(1) \x1b[2J\u202e`,
    );
    await page.close();
  }, 60_000);

  it.each(['light', 'dark'] as const)(
    'can be read in %s: text has a contrast of at least 4.5 to 1 with what is behind it',
    async (scheme) => {
      const { page } = await open(sampleRedReport(), { width: 1280, scheme });

      const contrasts: unknown = await page.evaluate(contrastScript);

      expect(contrasts).toEqual({ looked: expect.any(Number), low: [] });
      expect(contrasts).toHaveProperty(
        'looked',
        expect.toSatisfy((looked: number) => looked > 60),
      );
      await page.close();
    },
    60_000,
  );

  it.each([
    [1280, sampleReport()],
    [1280, sampleRedReport()],
    [390, sampleReport()],
    [390, sampleRedReport()],
    [390, watchReport()],
  ] as const)(
    'has at %i px no text of a drawing over another, nor out of it',
    async (width, report) => {
      const { page } = await open(report, { width, scheme: 'light' });

      const texts: unknown = await page.evaluate(overlapScript);

      expect(texts).toEqual({ looked: expect.toSatisfy((looked: number) => looked > 3), bad: [] });
      await page.close();
    },
    60_000,
  );

  it('draws a watch as the time that the app was there and its outages, each as long as it was', async () => {
    const { page } = await open(watchReport(), { width: 1280, scheme: 'light' });

    const widths: unknown = await page.evaluate(
      `[...document.querySelectorAll('.drawing .wide svg path')].map((path) => [getComputedStyle(path).fill, path.getBoundingClientRect().width])
        .filter(([fill]) => [${['--green', '--red'].map((name) => `'${name}'`).join(', ')}].some((name) => {
          const probe = document.body.appendChild(document.createElement('i'));
          probe.style.color = 'var(' + name + ')';
          const same = getComputedStyle(probe).color === fill;
          probe.remove();
          return same;
        })).map(([, width]) => Math.round(width))`,
    );

    const [up, down, again] = Array.isArray(widths) ? widths.map(Number) : [];
    expect(widths).toHaveLength(3);
    expect((down ?? 0) / ((up ?? 0) + (down ?? 0) + (again ?? 0))).toBeCloseTo(0.25, 1);
    expect(up).toBeCloseTo(down ?? 0, -1);
    await page.close();
  }, 60_000);

  it('shows the wide or the narrow drawing, never both', async () => {
    for (const [width, shown] of [
      [1280, 'wide'],
      [390, 'narrow'],
    ] as const) {
      const { page } = await open(sampleReport(), { width, scheme: 'light' });
      const visible = await page.evaluate(
        '[...new Set([...document.querySelectorAll(".drawing > div")].filter((each) => each.offsetHeight > 0).map((each) => each.className))]',
      );
      expect(visible).toEqual([shown]);
      await page.close();
    }
  }, 60_000);
});

/** A watch of ten minutes, down in the second quarter of it. */
function watchReport(): RunReport {
  const outage = { from: '2026-11-26T12:02:30.000Z', durationMs: 150_000, samples: 30, checks: ['home'], message: 'Home answered 500.' };
  const watch: StageResult = {
    stage: 'watch',
    verdict: 'red',
    summary: '75 % of 10 m 00 s',
    findings: [],
    startedAt: '2026-11-26T12:00:00.000Z',
    durationMs: 600_000,
    details: { everyMs: 5000, watchedMs: 600_000, unwatchedMs: 0, outages: [outage] },
  };
  return { ...sampleReport(), command: 'smoke', stages: [watch] };
}

/** Runs in the page: finds texts of a drawing that lie over one another, or reach out of the drawing. A pixel is forgiven. */
const overlapScript = `(() => {
  const bad = [];
  let looked = 0;
  for (const svg of document.querySelectorAll('.drawing svg')) {
    const all = svg.getBoundingClientRect();
    if (all.height === 0) continue;
    const texts = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]).filter(([name]) => name.trim() !== '');
    looked += texts.length;
    for (const [name, box] of texts) {
      if (box.left < all.left - 1 || box.right > all.right + 1 || box.top < all.top - 1 || box.bottom > all.bottom + 1) bad.push(name + ' leaves its drawing');
      for (const [other, beside] of texts) {
        if (other === name || other < name) continue;
        const over = Math.min(box.right, beside.right) - Math.max(box.left, beside.left) > 1 && Math.min(box.bottom, beside.bottom) - Math.max(box.top, beside.top) > 4;
        if (over) bad.push(name + ' over ' + other);
      }
    }
  }
  return { looked, bad };
})()`;

/** Runs in the page: compares each text's colour with the nearest background behind it (WCAG 2.2, 1.4.3). */
const contrastScript = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  let looked = 0;
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!own || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const ink = element.closest('svg') ? style.fill : style.color;
    if (!ink.startsWith('rgb')) continue;
    looked += 1;
    const [a, b] = [luminance(parse(ink)), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(element.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return { looked, low };
})()`;
