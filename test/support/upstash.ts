import { randomBytes } from 'node:crypto';
import { Redis as RestRedis } from '@upstash/redis';
import { Redis } from 'ioredis';
import type { FetchApp } from '../../src/local/service.ts';
import type { CacheDatabase, NewDatabase } from '../../src/local/upstash/database.ts';
import { startUpstash, type UpstashService } from '../../src/local/upstash/service.ts';
import { ask, type ApiAnswer } from './local-api.ts';
import { keepAnswers } from './openapi/answer-check.ts';
import { testContext } from './service-context.ts';

/** The credentials of the emulated Upstash's Developer API in tests. */
export const owner = { email: 'someone@staging.test', apiKey: randomBytes(16).toString('hex') } as const;

/** Returns the header for these credentials. */
export function basic(email: string, key: string): string {
  return `Basic ${Buffer.from(`${email}:${key}`).toString('base64')}`;
}

/** An answer of the Redis REST interface. */
export interface RestAnswer {
  readonly status: number;
  readonly text: string;
  readonly syncToken: string | null;
  readonly type: string | null;
  /** The text as JSON. */
  body(): Readonly<Record<string, unknown>>;
}

/** One database of an emulated Upstash, as its clients see it. */
export interface TestDatabase {
  readonly id: string;
  stored(): CacheDatabase;
  url(): Promise<string>;
  restUrl(): Promise<string>;
  /** A client of the vendor over REST; with the full token unless another is given. */
  rest(token?: string): Promise<RestRedis>;
  /** A TCP client that does not connect again. */
  tcp(): Promise<Redis>;
  raw(method: string, path: string, body?: string, headers?: Readonly<Record<string, string>>): Promise<RestAnswer>;
}

/** An emulated Upstash of a test's own. */
export interface TestUpstash {
  service(): UpstashService;
  /** Its Developer API; each answer is held against the vendor's OpenAPI file at the end. */
  app(): FetchApp;
  api(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  create(database: NewDatabase): Promise<TestDatabase>;
  /** Ends it and starts it again over the same folders. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts an emulated Upstash in temporary folders. */
export async function startTestUpstash(): Promise<TestUpstash> {
  const place = await testContext();
  const start = (context: typeof place.context) => startUpstash(context, { ...owner, searchPath: process.env['PATH'] ?? '' });
  const kept = keepAnswers();
  let service = await start(place.context);
  return {
    service: () => service,
    app: () => kept.of(service),
    api: (method, path, body) => ask(kept.of(service), { authorization: basic(owner.email, owner.apiKey), method, path, body }),
    create: async (wanted) => testDatabase(() => service, (await service.createDatabase(wanted)).id),
    restart: async () => {
      await service.stop();
      service = await start(await place.again());
    },
    stop: async () => {
      await service.stop();
      await place.remove();
      kept.verify();
    },
  };
}

function testDatabase(service: () => UpstashService, id: string): TestDatabase {
  const stored = () => {
    const found = service()
      .databases()
      .find((one) => one.id === id);
    if (found === undefined) throw new Error('The database of the tests is gone.');
    return found;
  };
  const restUrl = async () => (await service().addresses(id)).restUrl;
  const url = async () => (await service().addresses(id)).url;
  return {
    id,
    stored,
    url,
    restUrl,
    rest: async (token = stored().restToken) => new RestRedis({ url: await restUrl(), token }),
    tcp: async () => new Redis(await url(), { retryStrategy: () => null }),
    raw: async (method, path, body, headers = {}) => {
      const response = await fetch(`${await restUrl()}${path}`, {
        method,
        headers: { authorization: `Bearer ${stored().restToken}`, ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      return {
        status: response.status,
        text,
        syncToken: response.headers.get('upstash-sync-token'),
        type: response.headers.get('content-type'),
        body: () => JSON.parse(text),
      };
    },
  };
}
