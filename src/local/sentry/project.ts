import { createHash, randomUUID } from 'node:crypto';
import { isFields, textIn } from '../requests.ts';
import { openCollection, type Collection } from '../store.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What the project issued for itself. */
export interface SentryIssued {
  readonly publicKey: string;
  readonly authToken: string;
}

/** An event as it came, with the issue that it belongs to. */
export interface StoredEvent {
  /** 32 hex digits. */
  readonly id: string;
  readonly issueId: string;
  readonly title: string;
  readonly culprit: string;
  readonly level: string;
  /** ISO 8601 UTC. */
  readonly receivedAt: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly event: Fields;
}

/** Events of one cause. */
export interface StoredIssue {
  /** Digits, as the vendor's. */
  readonly id: string;
  readonly fingerprint: string;
  readonly status: 'unresolved' | 'resolved' | 'ignored';
}

/** An alert rule, as it was created. */
export interface StoredRule {
  readonly id: string;
  readonly fields: Fields;
  readonly createdAt: string;
}

/** The one project of the emulated Sentry. */
export interface SentryProject {
  readonly id: string;
  readonly slug: string;
  readonly organization: string;
  readonly issued: SentryIssued;
  readonly events: Collection<StoredEvent>;
  readonly issues: Collection<StoredIssue>;
  readonly rules: Collection<StoredRule>;
  /** Keeps an event under its issue, and returns it. One that came before is left as it is. */
  take(event: Fields, receivedAt: string): Promise<StoredEvent>;
}

/** Opens the project with its events, issues and rules. */
export async function openProject(stateDir: string, issued: SentryIssued): Promise<SentryProject> {
  const events = await openCollection<StoredEvent>(stateDir, 'events');
  const issues = await openCollection<StoredIssue>(stateDir, 'issues');
  const rules = await openCollection<StoredRule>(stateDir, 'rules');
  const issueOf = async (fingerprint: string): Promise<StoredIssue> => {
    const known = issues.all().find((issue) => issue.fingerprint === fingerprint);
    // A resolved issue that comes again is open again.
    const issue: StoredIssue = { id: known?.id ?? `${1001 + issues.all().length}`, fingerprint, status: 'unresolved' };
    await issues.put(issue.id, issue);
    return issue;
  };
  const take = async (event: Fields, receivedAt: string): Promise<StoredEvent> => {
    const id = (textIn(event, 'event_id') ?? randomUUID()).replaceAll('-', '');
    const known = events.get(id);
    if (known !== undefined) return known;
    const { title, culprit } = describe(event);
    const { id: issueId } = await issueOf(fingerprintOf(event, title));
    const stored = { id, issueId, title, culprit, level: textIn(event, 'level') ?? 'error', receivedAt, tags: tagsOf(event), event };
    await events.put(id, stored);
    return stored;
  };
  return { id: '1', slug: 'jetvision-staging', organization: 'jetvision', issued, events, issues, rules, take };
}

/** Title and place, of the last exception or of the message. */
function describe(event: Fields): { readonly title: string; readonly culprit: string } {
  const exception = isFields(event['exception']) ? event['exception']['values'] : event['exception'];
  const last: unknown = Array.isArray(exception) ? exception.at(-1) : undefined;
  const culprit = textIn(event, 'transaction') ?? '';
  if (isFields(last)) return { title: `${textIn(last, 'type') ?? 'Error'}: ${textIn(last, 'value') ?? ''}`, culprit };
  const { message, logentry } = event;
  const text = typeof message === 'string' ? message : isFields(message) ? textIn(message, 'formatted') : undefined;
  return { title: text ?? (isFields(logentry) ? textIn(logentry, 'formatted') : undefined) ?? '<unlabeled event>', culprit };
}

function fingerprintOf(event: Fields, title: string): string {
  const given = event['fingerprint'];
  const parts = Array.isArray(given) ? given.map((part) => (part === '{{ default }}' ? title : String(part))) : [title];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The event's own tags, and those that the vendor makes of its fields. */
function tagsOf(event: Fields): StoredEvent['tags'] {
  const { tags } = event;
  const pairs: readonly (readonly [string, unknown])[] = Array.isArray(tags)
    ? tags.flatMap((pair) => (Array.isArray(pair) ? [[String(pair[0]), pair[1]] as const] : []))
    : Object.entries(isFields(tags) ? tags : {});
  const made = [
    ['environment', event['environment']],
    ['level', event['level'] ?? 'error'],
    ['release', event['release']],
    ['server_name', event['server_name']],
  ] as const;
  return [...pairs, ...made].flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [{ key, value: typeof value === 'string' ? value : JSON.stringify(value) }],
  );
}
