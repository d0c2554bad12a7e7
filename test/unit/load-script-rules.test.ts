import { parse } from 'acorn';
import { describe, expect, test } from 'vitest';
import { builtInProfiles, loadSettingsForUrl, originalJourney } from '../../src/core/load/profile.ts';
import { readScript } from '../../src/core/load/script-rules.ts';
import { standaloneScript } from '../../src/core/load/standalone-script.ts';

const read = (text: string) => readScript({ ...parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true }) });
const rules = (text: string) => read(text).defects.map(({ rule, line }) => [rule, line]);
const options = "export const options = { thresholds: { http_req_failed: ['rate<0.1'] } };\n";

describe('the linter of load scripts', () => {
  test.each([
    ['an error rate of ones alone', `${options}const ok = check(res, {}) || errorRate.add(1);`, 'error-rate-of-ones', 2],
    [
      'a textSummary that nobody imports',
      `${options}export function handleSummary(d) {\n return { stdout: textSummary(d) };\n}`,
      'text-summary-not-imported',
      3,
    ],
    ['a status that only is not 0', `${options}check(res, { up: (r) => r.status !== 0 });`, 'any-status-passes', 2],
    ['the same, loosely and the other way round', `${options}check(res, { up: (r) => 0 != r.status });`, 'any-status-passes', 2],
    ['options without thresholds', 'export const options = { vus: 50 };', 'no-thresholds', 1],
    ['empty thresholds', 'export const options = { thresholds: {} };', 'no-thresholds', 1],
    ['no options at all', 'export default function () {}', 'no-thresholds', 1],
  ])('finds %s', (_what, text, rule, line) => {
    expect(rules(text)).toEqual([[rule, line]]);
  });

  test.each([
    ['a rate that counts what went well, too', `${options}errorRate.add(!check(res, {}));`],
    ['an imported textSummary', `import { textSummary } from './summary.js';\n${options}textSummary({});`],
    ['one that the script has itself', `${options}function textSummary() {}\ntextSummary({});`],
    ['a status that is named', `${options}check(res, { ok: (r) => r.status === 200, other: (r) => r.code !== 0 });`],
    ['the defects in comments and texts', `${options}// check(r) || rate.add(1)\nconst text = 'r.status !== 0';`],
    ['quoted keys', `export const options = { 'thresholds': { a: ['b'] } };`],
  ])('lets %s pass', (_what, text) => {
    expect(rules(text)).toEqual([]);
  });

  test('does not guess at options that are computed', () => {
    expect(read('export const options = loadOptions();').thresholds).toBe('unknown');
    expect(read('export const options = { ...base, vus: 1 };').thresholds).toBe('unknown');
    expect(read('const o = {}; export { o as options };').thresholds).toBe('unknown');
  });

  test('finds the environment variables that a script reads', () => {
    expect(read("__ENV.ONE; __ENV['TWO']; __ENV.ONE; other.THREE;").variables).toEqual(['ONE', 'TWO']);
  });
});

describe('the emitted script', () => {
  const settings = { ...loadSettingsForUrl('/'), journey: originalJourney('agent1@staging.test') };
  const script = standaloneScript({
    target: { origin: 'https://staging.example.com', resolve: {} },
    settings,
    stages: builtInProfiles.full,
    timeoutMs: 15_000,
  });

  test('passes the linter, and reads its secrets from the environment alone', () => {
    const facts = read(script);

    expect(facts.defects).toEqual([]);
    expect(facts.thresholds).toBe('there');
    expect(facts.variables.toSorted()).toEqual(['JV_SUMMARY', 'JV_URL', 'STAGING_USER_PASSWORD', 'VERCEL_AUTOMATION_BYPASS_SECRET']);
  });

  test('shows the original journey, signed in and with 201 expected, the ramp and the thresholds', () => {
    expect(script).toContain("method: 'POST', path: '/api/requests', as: 'agent1@staging.test', status: 201, maxMs: 2000, thinkMs: 2000");
    expect(script).toContain('departure_date: dayFromNow(30)');
    expect(script).toContain("{ duration: '120000ms', target: 50 }");
    expect(script).toContain("'http_req_duration{scenario:journey}': ['p(95)<2000']");
    expect(script).toContain("'staging-load-test-results.json'");
  });

  test('escapes what a configuration could smuggle into it', () => {
    const journey = [{ ...originalJourney('a@b.c')[1], path: "/'+evil()+'`${evil()}", body: '{user.id}\n"`${x}' }].flatMap((request) =>
      request.id === undefined || request.method === undefined || request.as === undefined
        ? []
        : [{ status: 200, thinkMs: 0, ...request, id: 'x', method: request.method, as: request.as }],
    );
    const text = standaloneScript({
      target: { origin: 'https://x.example', resolve: {} },
      settings: { ...settings, journey },
      stages: builtInProfiles.short,
      timeoutMs: 1,
    });

    expect(() => read(text)).not.toThrow();
    expect(text).toContain(JSON.stringify("/'+evil()+'`${evil()}"));
  });
});
