import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sentryAlertRules } from '../../src/adapters/sentry/sentry-events.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { startSentry, type SentryService } from '../../src/local/sentry/service.ts';
import { Sentry } from '../clients/vendors.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

let sentry: TestVendor<SentryService>;

beforeAll(async () => {
  sentry = await startTestVendor(startSentry);
});

afterAll(async () => {
  await Sentry.close(2000);
  await sentry.stop();
});

async function api(method: string, path: string, body?: unknown, token = sentry.service().project.issued.authToken) {
  const response = await fetch(`${sentry.url()}/api/0${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

it('takes what the SDK sends, and reads it back by id, by issue and by tag, over a restart', async () => {
  const secret = randomBytes(8).toString('hex');
  Sentry.init({ dsn: sentry.service().dsn, environment: 'staging', release: 'jv@abc', defaultIntegrations: false });
  Sentry.setTag('commit', 'abc');
  const first = Sentry.captureException(new Error(`Kaputt ${secret}`), { user: { id: '7' } });
  const second = Sentry.captureException(new Error(`Kaputt ${secret}`), { user: { id: '8' } });
  const message = Sentry.captureMessage('x'.repeat(60_000));
  await Sentry.flush(10_000);
  await sentry.restart();
  const event = await api('GET', `/projects/jetvision/jetvision-staging/events/${first}/`);
  const issues = await api('GET', '/projects/jetvision/jetvision-staging/issues/?query=commit:abc%20Kaputt');
  const issueId = String(issues.body[0].id);
  const tags = await api('GET', `/organizations/jetvision/issues/${issueId}/tags/`);
  const events = await api('GET', `/issues/${issueId}/events/`);

  expect(event).toMatchObject({
    status: 200,
    body: { eventID: first, groupID: issueId, title: `Error: Kaputt ${secret}`, environment: 'staging', release: { version: 'jv@abc' } },
  });
  expect(event.body.tags).toEqual(
    expect.arrayContaining([
      { key: 'environment', value: 'staging' },
      { key: 'commit', value: 'abc' },
    ]),
  );
  expect(issues.body).toEqual([expect.objectContaining({ count: '2', userCount: 2, status: 'unresolved', level: 'error' })]);
  expect(tags.body).toContainEqual(
    expect.objectContaining({ key: 'commit', totalValues: 2, topValues: [{ value: 'abc', name: 'abc', count: 2 }] }),
  );
  expect(events.body.map((one: { id: string }) => one.id)).toEqual([first, second]);
  // Larger than what the SDK sends uncompressed.
  expect((await api('GET', `/projects/jetvision/jetvision-staging/events/${message}/`)).body.message.length).toBeGreaterThan(8_000);
});

it('closes an issue, and opens it again when it comes back', async () => {
  const list = async () => (await api('GET', '/projects/jetvision/jetvision-staging/issues/?query=returns')).body;
  Sentry.captureMessage('returns');
  await Sentry.flush(10_000);
  const [{ id }] = await list();
  const closed = await api('PUT', `/issues/${id}/`, { status: 'resolved' });
  const open = await api('GET', '/projects/jetvision/jetvision-staging/issues/?query=is:unresolved%20returns');
  Sentry.captureMessage('returns');
  await Sentry.flush(10_000);

  expect(closed.body).toMatchObject({ status: 'resolved' });
  expect(open.body).toEqual([]);
  expect(await list()).toEqual([expect.objectContaining({ id, status: 'unresolved', count: '2' })]);
});

it('keeps alert rules', async () => {
  const path = '/projects/jetvision/jetvision-staging/rules/';
  const rule = { name: 'New issue to Slack', actionMatch: 'any', frequency: 60, conditions: [], actions: [{ id: 'slack' }] };
  const made = await api('POST', path, rule);
  const changed = await api('PUT', `${path}${made.body.id}/`, { ...rule, frequency: 5 });
  const listed = await api('GET', path);
  const refused = await api('POST', path, { name: 'no actions' });
  const deleted = await api('DELETE', `${path}${made.body.id}/`);

  expect(made).toMatchObject({ status: 201, body: { ...rule, status: 'active', projects: ['jetvision-staging'] } });
  expect(listed.body).toEqual([changed.body]);
  expect(changed.body.frequency).toBe(5);
  expect([refused.status, deleted.status, (await api('GET', path)).body]).toEqual([400, 202, []]);
});

it('tells the gate which rules tell anybody, of which environment', async () => {
  const path = '/projects/jetvision/jetvision-staging/rules/';
  const place = { organization: 'jetvision', project: 'jetvision-staging', authToken: sentry.service().project.issued.authToken };
  const { list } = sentryAlertRules({ localUrl: sentry.url(), clock: systemClock });
  const { signal } = new AbortController();
  const none = await list(place, signal);
  const { body } = await api('POST', path, { name: 'Tell the team', environment: 'staging', conditions: [], actions: [{ id: 'mail' }] });
  const some = await list(place, signal);
  await api('DELETE', `${path}${body.id}/`);

  expect(none).toEqual([]);
  expect(some).toEqual([{ name: 'Tell the team', environment: 'staging', actions: 1 }]);
  await expect(list({ ...place, authToken: 'wrong-canary' }, signal)).rejects.toMatchObject({
    code: expect.stringMatching(/^SENTRY_/),
    message: expect.not.stringContaining('canary'),
  });
});

it('refuses wrong keys, wrong tokens and what is no envelope', async () => {
  const send = async (body: string, key = sentry.service().project.issued.publicKey, project = '1') => {
    const url = `${sentry.url()}/api/${project}/envelope/?sentry_key=${key}`;
    const response = await fetch(url, { method: 'POST', body });
    return [response.status, await response.json()];
  };
  const before = (await api('GET', '/projects/jetvision/jetvision-staging/events/')).body.length;

  expect(await send('{"event_id":"0"}\n{"type":"event","length":2}\n{}', 'wrong')).toMatchObject([403, { detail: expect.any(String) }]);
  expect((await send('{}\n', undefined, '2'))[0]).toBe(403);
  expect(await send('no envelope')).toEqual([400, { detail: 'bad envelope' }]);
  expect(await send('{}\n{"type":"event","length":500}\n{}')).toEqual([400, { detail: 'bad envelope' }]);
  expect(await api('GET', '/projects/jetvision/jetvision-staging/', undefined, 'wrong')).toEqual({
    status: 401,
    body: { detail: 'Invalid token' },
  });
  expect((await api('GET', '/projects/other/other/events/')).status).toBe(404);
  expect((await api('GET', '/organizations/jetvision/replays/')).body.detail).toContain('not emulated');
  expect((await api('GET', '/projects/jetvision/jetvision-staging/events/')).body.length).toBe(before);
});
