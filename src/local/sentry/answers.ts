import { isFields } from '../requests.ts';
import type { SentryProject, StoredEvent, StoredIssue, StoredRule } from './project.ts';

/** Returns an event as `GET /api/0/projects/{org}/{project}/events/{id}/` shows it. */
export function eventAnswer(project: SentryProject, { id, issueId, title, culprit, level, receivedAt, tags, event }: StoredEvent) {
  const { message, platform, timestamp, user, contexts, extra, exception, release, environment } = event;
  return {
    id,
    eventID: id,
    groupID: issueId,
    projectID: project.id,
    title,
    message: typeof message === 'string' ? message : '',
    culprit,
    platform: platform ?? 'other',
    type: exception === undefined ? 'default' : 'error',
    level,
    environment: environment ?? null,
    release: release === undefined ? null : { version: release },
    tags,
    user: user ?? null,
    contexts: contexts ?? {},
    context: extra ?? {},
    entries: exception === undefined ? [] : [{ type: 'exception', data: exception }],
    dateCreated: typeof timestamp === 'number' ? new Date(timestamp * 1000).toISOString() : receivedAt,
    dateReceived: receivedAt,
  };
}

/** Returns an issue as the lists of issues show it. */
export function issueAnswer(project: SentryProject, issue: StoredIssue, events: readonly StoredEvent[]) {
  const [first, last] = [events[0], events.at(-1)];
  const users = new Set(events.flatMap(({ event }) => (isFields(event['user']) ? [JSON.stringify(event['user'])] : [])));
  return {
    id: issue.id,
    shortId: `${project.slug.toUpperCase()}-${Number(issue.id) - 1000}`,
    title: last?.title ?? '',
    culprit: last?.culprit ?? '',
    level: last?.level ?? 'error',
    status: issue.status,
    type: 'error',
    count: `${events.length}`,
    userCount: users.size,
    firstSeen: first?.receivedAt ?? null,
    lastSeen: last?.receivedAt ?? null,
    project: { id: project.id, name: project.slug, slug: project.slug },
  };
}

/** Returns the tags of an issue's events, each with how often it had which value. */
export function tagAnswers(events: readonly StoredEvent[]) {
  const keys = [...new Set(events.flatMap(({ tags }) => tags.map(({ key }) => key)))];
  return keys.map((key) => {
    const counts = new Map<string, number>();
    for (const tag of events.flatMap(({ tags }) => tags)) if (tag.key === key) counts.set(tag.value, (counts.get(tag.value) ?? 0) + 1);
    return {
      key,
      name: key,
      uniqueValues: counts.size,
      totalValues: [...counts.values()].reduce((sum, count) => sum + count, 0),
      topValues: [...counts].map(([value, count]) => ({ value, name: value, count })),
    };
  });
}

/** Returns an alert rule: what it was made with, and the fields that the vendor adds. */
export function ruleAnswer(project: SentryProject, { id, fields, createdAt }: StoredRule) {
  return {
    actionMatch: 'any',
    filterMatch: 'all',
    frequency: 30,
    conditions: [],
    filters: [],
    environment: null,
    owner: null,
    ...fields,
    id,
    dateCreated: createdAt,
    projects: [project.slug],
    status: 'active',
    snooze: false,
  };
}

/** Returns the project. */
export function projectAnswer({ id, slug, organization }: SentryProject) {
  return { id, slug, name: slug, status: 'active', platform: 'node', organization: { id: '1', slug: organization, name: organization } };
}
