// Answers after the times of a list in turn: `mixed-server.ts 50,200,800` (0: at once). Prints its origin. A process of its own, so that what
// measures it shares no thread with it.
import { createServer } from 'node:http';
import { listen, originOf } from '../../support/delayed-server.ts';

const delaysMs = (process.argv[2] ?? '0').split(',').map(Number);
let count = 0;
const server = createServer((request, response) => {
  request.resume();
  const delayMs = delaysMs[count % delaysMs.length] ?? 0;
  count += 1;
  const answer = () => {
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' });
    response.end('{"ok":true}');
  };
  if (delayMs === 0) answer();
  else setTimeout(answer, delayMs);
});
await listen(server);
process.stdout.write(`${originOf(server)}\n`);
