import { type Browser, launch, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect } from 'vitest';
import type { AppServer } from '../support/app-server.ts';
import { type AppWorld, day, hasAppPrograms, startAppWorld, until } from '../support/app-world.ts';
import { findComponent, requires } from '../support/requires.ts';

const test = requires('chrome', 'redis-server', 'pgbouncer');
const chrome = findComponent('chrome');
const complaints: string[] = [];

let world: AppWorld;
let app: AppServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (chrome === undefined || !hasAppPrograms) return;
  world = await startAppWorld();
  app = await world.startApp();
  browser = await launch({ executablePath: chrome, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
  page = await browser.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
});

afterAll(async () => {
  if (chrome === undefined || !hasAppPrograms) return;
  await browser.close();
  await world.close();
});

test("a visitor signs in, creates a request without a reload, and sees others' changes as they happen", async () => {
  await page.goto(`${app.url}/dashboard`);
  await page.type('#email', 'agent1@staging.test');
  await page.type('#password', world.password);
  await Promise.all([page.waitForNavigation(), page.click('main button')]);
  expect(page.url()).toBe(`${app.url}/dashboard`);
  await untilText('#live', (text) => text.startsWith('Live:'));
  const rows = await rowCount();

  await page.type('#departure_airport', 'kteb');
  await page.type('#arrival_airport', 'kmdw');
  await page.type('#passengers', '3');
  await page.$eval('#departure_date', (input, date) => input.setAttribute('value', date), day(30));
  await page.click('#new-request button');
  // The job that works the request off changes its status: that arrives over Realtime alone.
  await untilText('#requests', (text) => text.includes('KTEB → KMDW') && !text.includes('created'));
  expect(await rowCount()).toBe(rows + 1);

  await world.sql`
    insert into flight_requests (user_id, departure_airport, arrival_airport, passengers, departure_date)
    values (${world.userIds['agent1@staging.test'] ?? ''}, 'KBOS', 'KDCA', 2, current_date + 3)`;
  await untilText('#requests', (text) => text.includes('KBOS → KDCA'));
  expect(complaints).toEqual([]);
});

test('faults of the form are shown beside the fields, and the first is in focus', async () => {
  await page.$eval('#new-request', (form) => form.setAttribute('novalidate', ''));
  await page.click('#new-request button');

  await untilText('#departure_airport-problem', (text) => text.includes('ICAO'));
  expect(await page.$eval(':focus', (element) => element.id)).toBe('departure_airport');
});

function rowCount(): Promise<number> {
  return page.$$eval('#requests tr', (rows) => rows.length);
}

function untilText(selector: string, wanted: (text: string) => boolean): Promise<string> {
  return until(() => page.$eval(selector, (element) => element.textContent ?? ''), wanted);
}
