import { z } from 'zod';
import type { SmokeCheck, SmokeSettings } from '../../core/smoke/smoke.ts';
import { durationMs, envReference, fieldType, httpStatus, identifier, caller, path, text, signInProvider } from './parts.ts';

const checkBase = {
  id: identifier,
  title: text,
  timeoutMs: durationMs.default(10_000),
  needs: z.array(identifier).default([]),
  retry: z.boolean().default(false),
};
const seededUser = z.strictObject({ user: z.email() });
const row = z.record(z.string(), z.unknown());
const limit = z.number().int().min(0);
/** JSON Schema as data: what zod cannot read is told now, not in the middle of a run. */
const jsonSchema = z.record(z.string(), z.unknown()).superRefine((schema, context) => {
  try {
    z.fromJSONSchema(schema);
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `a JSON Schema that zod reads (${error instanceof Error ? error.message : 'unreadable'})`,
    });
  }
});
/** A check of smoke. */
export const smokeCheck = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('page'),
    ...checkBase,
    path,
    as: caller.default('nobody'),
    status: httpStatus.default(200),
    marker: text,
    browser: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal('auth'), ...checkBase, path, as: seededUser, provider: signInProvider.default('app') }),
  z.strictObject({ kind: z.literal('health'), ...checkBase, path: path.default('/api/health') }),
  z.strictObject({
    kind: z.literal('api'),
    ...checkBase,
    method: z.enum(['GET', 'POST']).default('GET'),
    path,
    as: caller.default('nobody'),
    body: z.unknown().optional(),
    status: httpStatus,
    fields: z.record(z.string(), fieldType).default({}),
    notEmpty: z.string().optional(),
    schema: jsonSchema.optional(),
    maxMs: durationMs.optional(),
    remove: z.strictObject({ id: text, path: path.includes('{id}') }).optional(),
  }),
  z.strictObject({
    kind: z.literal('realtime'),
    ...checkBase,
    table: text,
    as: seededUser,
    row,
  }),
  z.strictObject({
    kind: z.literal('database'),
    ...checkBase,
    table: text,
    as: seededUser,
    stranger: seededUser.optional(),
    row,
    key: text.default('id'),
    anon: z.enum(['nothing', 'read']).default('nothing'),
  }),
  z.strictObject({ kind: z.literal('redis'), ...checkBase, otherPrefixes: z.array(text).default([]) }),
  z.strictObject({
    kind: z.literal('queue'),
    ...checkBase,
    queue: text,
    worker: path,
    maxFailed: limit.optional(),
    maxStalled: limit.default(0),
  }),
  z.strictObject({ kind: z.literal('websocket'), ...checkBase, path }),
  z.strictObject({
    kind: z.literal('sentry'),
    ...checkBase,
    trigger: path,
    organization: text,
    project: text,
    authToken: envReference,
  }),
  z.strictObject({ kind: z.literal('logs'), ...checkBase, path }),
  z.strictObject({
    kind: z.literal('headers'),
    ...checkBase,
    path,
    headers: z.record(z.string(), z.string()),
    tlsHeaders: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({ kind: z.literal('negative'), ...checkBase, path, absent: z.array(text).default([]) }),
  z.strictObject({
    kind: z.literal('refusal'),
    ...checkBase,
    app: z.strictObject({ domain: z.hostname(), path, as: seededUser }).optional(),
  }),
]) satisfies z.ZodType<SmokeCheck>;

/** What smoke checks, and how much of it at least. */
export const smoke = z.strictObject({
  checks: z.array(smokeCheck).min(1),
  minimum: z.number().int().positive().default(1),
  routes: z.strictObject({ waivers: z.array(z.strictObject({ route: path, reason: text })).default([]) }).optional(),
}) satisfies z.ZodType<SmokeSettings>;
