// A server of its own process whose heap leaks or plateaus: `node --expose-gc leaky-server.ts leak|plateau`. Prints its origin.
import { createServer } from 'node:http';

const kind = process.argv[2];
const kept: unknown[] = [];
/** A cache as apps have it: full after 200 requests. */
const cacheSize = 200;

const server = createServer((request, response) => {
  if (request.url?.startsWith('/api/health') === true) {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const memory = { rssBytes: rss, heapUsedBytes: heapUsed, collected: true, process: String(process.pid) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'ok', memory }));
    return;
  }
  kept.push(Array.from({ length: 1000 }, (_, at) => at * Math.random()));
  if (kind === 'plateau' && kept.length > cacheSize) kept.shift();
  response.writeHead(200, { 'content-type': 'text/plain' }).end('fine');
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
});
