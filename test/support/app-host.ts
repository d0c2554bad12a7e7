import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Serves a Build Output folder as far as the sample app needs it: route headers, static files, then its one function. Run as
 * `node app-host.ts OUTPUT_DIR`; prints its port as the first line.
 */
interface Config {
  readonly routes: readonly { readonly src?: string; readonly headers?: Readonly<Record<string, string>>; readonly continue?: boolean }[];
}

interface FunctionModule {
  default(request: IncomingMessage, response: ServerResponse): Promise<void>;
  upgrade: Parameters<ReturnType<typeof createServer>['on']>[1];
}

const types: Readonly<Record<string, string>> = { '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' };

const outputDir = process.argv[2] ?? '';
const config: Config = JSON.parse(await readFile(join(outputDir, 'config.json'), 'utf8'));
const functionDir = join(outputDir, 'functions/app.func');
const { handler }: { handler: string } = JSON.parse(await readFile(join(functionDir, '.vc-config.json'), 'utf8'));
const app: FunctionModule = await import(pathToFileURL(join(functionDir, handler)).href);

const server = createServer((request, response) => void serve(request, response));
server.on('upgrade', app.upgrade);
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : address);
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = normalize((request.url ?? '/').split('?')[0] ?? '/');
  for (const route of config.routes) {
    if (route.continue !== true || route.src === undefined || !new RegExp(route.src).test(path)) continue;
    for (const [name, value] of Object.entries(route.headers ?? {})) response.setHeader(name, value);
  }
  const content = await readFile(join(outputDir, 'static', path)).catch(() => undefined);
  if (content === undefined) return app.default(request, response);
  response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
  response.end(content);
}
