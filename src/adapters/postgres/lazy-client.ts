import type postgres from 'postgres';
import { ipv6Host } from './server-address.ts';

/** A client of one connection that is made on first use. */
export interface LazyClient {
  open(): Promise<postgres.Sql>;
  close(): Promise<void>;
}

/** Returns a client of one connection for somebody who only looks; `url` is secret. */
export function lazyClient(url: string, name: string, connectTimeoutMs: number): LazyClient {
  let opened: Promise<postgres.Sql> | undefined;
  return {
    open: async () =>
      await (opened ??= import('postgres').then(({ default: connect }) =>
        connect(url, {
          ...ipv6Host(url),
          max: 1,
          prepare: false,
          // Asking for array types is a query of the client's own: refused by a pooler whose server is gone, it ends the process.
          fetch_types: false,
          connect_timeout: connectTimeoutMs / 1000,
          onnotice: () => undefined,
          connection: { application_name: name },
        }),
      )),
    close: async () => {
      const sql = await opened?.catch(() => undefined);
      await sql?.end({ timeout: 1 });
    },
  };
}
