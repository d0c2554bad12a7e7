import { z } from 'zod';
import { resourceFacts } from '../../core/settings.ts';
import type { CheckCaller, SignInProvider } from '../../core/smoke/smoke.ts';

/** A text that is not empty; NUL ends a path for the system, and would name another one than it seems to. */
export const text = z
  .string()
  .min(1)
  .refine((value) => !value.includes('\0'), 'a text without NUL');
/** A reference to a variable of the environment: `env(…)`. */
export const envReference = z.strictObject({ kind: z.literal('env'), name: z.string().regex(/^[A-Z_][A-Z0-9_]*$/) });
/** A reference to what a resource says of itself: `from.…`. */
export const factReference = z.strictObject({ kind: z.literal('fact'), fact: z.enum(resourceFacts) });
/** A path of the app. */
export const path = z.string().regex(/^\//, 'a path that begins with /');
/** Who signs users in. */
export const signInProvider = z.enum(['app', 'clerk']) satisfies z.ZodType<SignInProvider>;
/** Whom a page or an API is asked as. */
export const caller = z.union([
  z.literal('nobody'),
  z.strictObject({ user: z.email(), provider: signInProvider.optional() }),
]) satisfies z.ZodType<CheckCaller>;
/** A name in kebab-case. */
export const identifier = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens');
/** A time in milliseconds. */
export const durationMs = z.number().int().positive();
/** A status of HTTP. */
export const httpStatus = z.number().int().min(100).max(599);
/** The type of a field of an answer. */
export const fieldType = z.enum(['string', 'number', 'boolean', 'array', 'object']);
