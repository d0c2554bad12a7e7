import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request that was answered. Holds no secret: neither query nor headers nor body. */
export interface LedgerLine {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  /** Bytes of the request's body as announced. */
  readonly bytes: number;
}

/** Every request to the emulated vendors: all counted, the newest kept. */
export interface Ledger {
  watch(service: string, request: IncomingMessage, response: ServerResponse): void;
  /** Returns the newest lines, oldest first. */
  lines(): readonly LedgerLine[];
  /** Returns the number of requests by service. */
  counts(): Readonly<Record<string, number>>;
}

const kept = 10_000;

/** Returns an empty ledger that keeps the newest 10,000 lines. */
export function createLedger(): Ledger {
  let lines: LedgerLine[] = [];
  const counts: Record<string, number> = {};
  return {
    watch: (service, request, response) => {
      const startedMs = performance.now();
      const at = new Date().toISOString();
      response.once('close', () => {
        counts[service] = (counts[service] ?? 0) + 1;
        lines.push({
          at,
          service,
          method: request.method ?? '',
          path: (request.url ?? '').split('?')[0] ?? '',
          status: response.statusCode,
          ms: Math.round(performance.now() - startedMs),
          bytes: Number(request.headers['content-length'] ?? 0),
        });
        if (lines.length > 2 * kept) lines = lines.slice(-kept);
      });
    },
    lines: () => lines.slice(-kept),
    counts: () => ({ ...counts }),
  };
}
