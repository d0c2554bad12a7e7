import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LedgerLine, LedgerReport } from '../../core/local/faults.ts';

/** Whose interface is asked: a vendor's own API, or what one project or database of it has. */
export interface Place {
  readonly service: string;
  /** Kind of the interface as `local routes` shows it: `API`, `project gateway`, `Redis REST`. */
  readonly part: string;
  /** The project or database, or undefined for the vendor's own API. */
  readonly resource?: string | undefined;
}

/** Every request to the emulated vendors: all counted, the newest kept. */
export interface Ledger {
  /** Writes a line once the request is over; `faults` is asked then. */
  watch(place: Place, request: IncomingMessage, response: ServerResponse, faults: () => readonly string[]): void;
  /** Counts a connection that became a WebSocket, or was refused to. */
  upgraded(place: Place, request: IncomingMessage): void;
  report(service?: string): LedgerReport;
}

const kept = 10_000;

/** Returns an empty ledger that keeps the newest 10,000 lines. */
export function createLedger(): Ledger {
  let lines: LedgerLine[] = [];
  const counts: Record<string, number> = {};
  const add = (line: LedgerLine) => {
    counts[line.service] = (counts[line.service] ?? 0) + 1;
    lines.push(line);
    if (lines.length > 2 * kept) lines = lines.slice(-kept);
  };
  return {
    watch: (place, request, response, faults) => {
      const { socket } = request;
      const startedMs = performance.now();
      const time = new Date().toISOString();
      const [readBefore, writtenBefore] = [socket.bytesRead, socket.bytesWritten];
      response.once('close', () => {
        const announced = request.headers['content-length'];
        add({
          ...asked(place, request),
          time,
          status: response.headersSent ? response.statusCode : null,
          ms: Math.round(performance.now() - startedMs),
          bytesIn: announced === undefined ? socket.bytesRead - readBefore : Number(announced),
          bytesOut: socket.bytesWritten - writtenBefore,
          faults: faults(),
        });
      });
    },
    upgraded: (place, request) => {
      add({ ...asked(place, request), time: new Date().toISOString(), status: 101, ms: 0, bytesIn: 0, bytesOut: 0, faults: [] });
    },
    report: (service) => {
      const newest = lines.slice(-kept);
      return { requests: { ...counts }, lines: service === undefined ? newest : newest.filter((line) => line.service === service) };
    },
  };
}

function asked(place: Place, request: IncomingMessage): Pick<LedgerLine, 'service' | 'resource' | 'method' | 'path'> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  return { service: place.service, resource: place.resource ?? null, method: request.method ?? '', path: withoutSecrets(place, path) };
}

/** Path-style commands of Redis REST hold keys and values; the path of a Slack webhook is its secret. */
function withoutSecrets(place: Place, path: string): string {
  const [, first = '', ...rest] = path.split('/');
  const secret = place.service === 'slack' ? first === 'services' : place.service === 'upstash' && place.resource !== undefined;
  return secret && rest.length > 0 ? `/${first}/…` : path;
}
