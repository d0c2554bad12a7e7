import { z } from 'zod';
import type { SmokeCheck } from '../../core/smoke/smoke.ts';
import { durationMs, fieldType, httpStatus, identifier, identity, path, text } from './parts.ts';

const checkBase = { id: identifier, title: text, timeoutMs: durationMs.default(10_000) };
/** A check of smoke. */
export const smokeCheck = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('page'),
    ...checkBase,
    path,
    as: identity.default('nobody'),
    status: httpStatus.default(200),
    marker: text,
  }),
  z.strictObject({ kind: z.literal('health'), ...checkBase, path: path.default('/api/health') }),
  z.strictObject({
    kind: z.literal('api'),
    ...checkBase,
    method: z.enum(['GET', 'POST']).default('GET'),
    path,
    as: identity.default('nobody'),
    body: z.unknown().optional(),
    status: httpStatus,
    fields: z.record(z.string(), fieldType).default({}),
    notEmpty: z.string().optional(),
    remove: z.strictObject({ id: text, path: path.includes('{id}') }).optional(),
  }),
  z.strictObject({
    kind: z.literal('realtime'),
    ...checkBase,
    table: text,
    as: z.strictObject({ user: z.email() }),
    row: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({ kind: z.literal('queue'), ...checkBase, queue: text, worker: path }),
  z.strictObject({ kind: z.literal('headers'), ...checkBase, path, headers: z.record(z.string(), z.string()) }),
  z.strictObject({ kind: z.literal('negative'), ...checkBase, path, absent: z.array(text).default([]) }),
]) satisfies z.ZodType<SmokeCheck>;
