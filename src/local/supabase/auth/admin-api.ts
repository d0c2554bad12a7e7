import type { Hono } from 'hono';
import { z } from 'zod';
import { AuthError, body } from './auth-error.ts';
import { bearerClaims, userAnswer, type AuthOptions } from './tokens.ts';
import { adminChange, assertPassword, createUser, existing, isUuid, updateUser, userBody } from './user-rules.ts';
import type { UserStore } from './users.ts';

const removeBody = z.object({ should_soft_delete: z.boolean().optional() });

/** Adds the endpoints for administrators: they want the service role. */
export function addAdmin(app: Hono, users: UserStore, options: AuthOptions): void {
  app.use('/admin/*', async (c, next) => {
    const claims = await bearerClaims(options, c);
    if (claims['role'] !== 'service_role' && claims['role'] !== 'supabase_admin') throw new AuthError(403, 'not_admin', 'User not allowed');
    await next();
  });
  app.get('/admin/users', async (c) => {
    const page = positive(c.req.query('page'), 1);
    const perPage = Math.min(positive(c.req.query('per_page'), 50), 1000);
    const { users: found, total } = await users.list(page, perPage);
    const last = Math.max(1, Math.ceil(total / perPage));
    const link = (to: number, rel: string) => `<${options.url}/auth/v1/admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`;
    c.header('x-total-count', `${total}`);
    // auth-js reads the page number as the first query value of each link.
    c.header('link', [...(page < last ? [link(page + 1, 'next')] : []), link(last, 'last')].join(', '));
    return c.json({ users: found.map(userAnswer), aud: 'authenticated' });
  });
  app.post('/admin/users', async (c) => {
    const change = adminChange(await body(c, userBody));
    if (change.email === undefined && change.phone === undefined) {
      throw new AuthError(400, 'validation_failed', 'Cannot create a user without either an email or phone');
    }
    assertPassword(change.password, options.settings().passwordMinLength);
    if (change.id !== undefined && !isUuid(change.id))
      throw new AuthError(400, 'validation_failed', 'ID must conform to the uuid v4 format');
    return c.json(userAnswer(await createUser(users, change)));
  });
  app.get('/admin/users/:id', async (c) => c.json(userAnswer(await existing(users, c.req.param('id')))));
  app.put('/admin/users/:id', async (c) => {
    const user = await existing(users, c.req.param('id'));
    const change = adminChange(await body(c, userBody));
    assertPassword(change.password, options.settings().passwordMinLength);
    return c.json(userAnswer(await updateUser(users, user.id, change)));
  });
  app.delete('/admin/users/:id', async (c) => {
    const user = await existing(users, c.req.param('id'));
    const { should_soft_delete: soft } = await body(c, removeBody);
    await users.remove(user.id, soft === true);
    return c.json({});
  });
}

function positive(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : otherwise;
}
