import { openCollection } from '../store.ts';
import type { SlackIssued } from './service.ts';

/** A message in a channel. */
export interface SlackMessage {
  /** Its id: seconds since 1970 with six digits after the point, unique in the workspace. */
  readonly ts: string;
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly attachments: readonly unknown[];
  /** The message that it answers. */
  readonly threadTs: string | undefined;
  readonly by: 'bot' | 'webhook';
}

/** What a message is posted with. */
export type NewSlackMessage = Omit<SlackMessage, 'ts'>;

/** A channel. */
export interface SlackChannel {
  readonly id: string;
  readonly name: string;
}

/** A workspace: its channels, its messages, what it issued. */
export interface SlackWorkspace {
  readonly issued: SlackIssued;
  readonly channels: readonly SlackChannel[];
  /** Returns the channel of this id or name (with or without `#`). */
  channel(idOrName: string): SlackChannel | undefined;
  /** Returns the messages of a channel, oldest first. */
  messages(channel: SlackChannel): readonly SlackMessage[];
  post(message: NewSlackMessage): Promise<SlackMessage>;
}

/** The channels of the workspace; incoming webhooks post to the first. */
const channels: readonly SlackChannel[] = [
  { id: 'C0STAGING01', name: 'staging' },
  { id: 'C0ALERTS001', name: 'alerts' },
  { id: 'C0GENERAL01', name: 'general' },
];

/** Opens the workspace's messages. */
export async function openWorkspace(stateDir: string, issued: SlackIssued): Promise<SlackWorkspace> {
  const stored = await openCollection<SlackMessage>(stateDir, 'messages');
  let lastUs = Math.max(0, ...stored.all().map(({ ts }) => Math.round(Number(ts) * 1_000_000)));
  return {
    issued,
    channels,
    channel: (idOrName) => channels.find(({ id, name }) => id === idOrName || name === idOrName.replace(/^#/, '')),
    messages: ({ id }) => stored.all().filter(({ channel }) => channel === id),
    post: async (wanted) => {
      lastUs = Math.max(lastUs + 1, Date.now() * 1000);
      const message = { ...wanted, ts: `${Math.floor(lastUs / 1_000_000)}.${String(lastUs % 1_000_000).padStart(6, '0')}` };
      await stored.put(message.ts, message);
      return message;
    },
  };
}
