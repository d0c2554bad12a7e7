import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import { badRequest, VercelError } from './errors.ts';

/** What the emulated vendor's routes are added to. */
export type VercelApp = Hono<{ Bindings: HttpBindings }>;

/** One request to the emulated vendor. */
export type VercelContext = Context<{ Bindings: HttpBindings }>;

/** Largest JSON body taken, in bytes: a deployment of 20,000 files is about 4 MB. */
const maxJsonBytes = 32 * 1024 * 1024;

/** Returns the parsed JSON body. Throws the vendor's 400 for malformed JSON and for a wrong shape. An empty body is `{}`. */
export async function readBody<Schema extends z.ZodType>(context: VercelContext, schema: Schema): Promise<z.output<Schema>> {
  const announced = Number(context.req.header('content-length') ?? 0);
  if (announced > maxJsonBytes) throw tooLarge();
  const text = context.req.header('content-length') === undefined ? await boundedText(context.req.raw) : await context.req.text();
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? `\`${issue.path.join('.')}\`` : 'the body';
  throw badRequest(`Invalid request: ${where}: ${issue?.message ?? 'not as expected'}.`);
}

/** Reads a body whose length nobody announced, up to the limit. */
async function boundedText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > maxJsonBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): VercelError {
  return new VercelError(413, 'request_entity_too_large', 'Request Entity Too Large');
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('Invalid JSON.');
  }
}

/**
 * Returns the path that routes are matched by: the vendor's clients send the same resource as `/v9/projects`, `/projects`,
 * `/v3/now/deployments` or `/now/deployments` (contracts.md §1.1), so version and `/now` are left out.
 */
export function plainPath(request: Request): string {
  const start = request.url.indexOf('/', request.url.indexOf('//') + 2);
  const end = request.url.slice(start).search(/[?#]/);
  const path = end < 0 ? request.url.slice(start) : request.url.slice(start, start + end);
  return path
    .replace(/^\/v\d+(?=\/)/, '')
    .replace(/^\/now(?=\/)/, '')
    .replace(/(?<=.)\/+$/, '');
}
