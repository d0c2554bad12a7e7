import { type Answer, type LoopbackServer, sendJson, startLoopbackServer } from './loopback-server.ts';

/** What the health contract of a staging app says when all is well. */
const health = {
  status: 'ok',
  environment: 'staging',
  version: '0123456789abcdef0123456789abcdef01234567',
  deployment: 'dpl_small',
  database: 'connected',
  redis: 'connected',
  sentry: { environment: 'staging' },
  memory: { rssBytes: 50_000_000, heapUsedBytes: 10_000_000 },
};

const home = '<!doctype html><html lang="en"><head><title>Small app</title></head><body><h1>Small app</h1></body></html>';

/** Answers as a good staging app does. */
export const answerWell: Answer = (request, response) => {
  const staging = { 'x-robots-tag': 'noindex' };
  if (request.path === '/api/health') sendJson(response, 200, health, staging);
  else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...staging }).end(home);
};

/** Serves a small good staging app on loopback: a home page and the health contract, hidden from search engines. */
export function startSmallApp(): Promise<LoopbackServer> {
  return startLoopbackServer(answerWell);
}

/** An app that answers every request wrongly in one way. */
export const wrongAnswers = {
  'status 500': (_request, response) => response.writeHead(500).end('boom'),
  'a login wall': (_request, response) => response.writeHead(302, { location: 'https://vercel.com/sso-api?url=x' }).end(),
  'another origin': (_request, response) => response.writeHead(302, { location: 'https://other.example.com/' }).end(),
  'an empty body': (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(),
  'HTML for JSON': (_request, response) => response.writeHead(200, { 'content-type': 'text/html', 'x-robots-tag': 'noindex' }).end(home),
} as const satisfies Readonly<Record<string, Answer>>;
