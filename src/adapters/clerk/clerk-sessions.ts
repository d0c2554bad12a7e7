import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { Session, Sessions } from '../../core/ports/web.ts';
import { apiPath } from '../http/api-path.ts';
import { clerkApi, type ClerkOptions } from './clerk-api.ts';

// clerk.com/docs/reference/backend-api, read 2026-11-22 for the local cloud: only the fields that are used.
const usersSchema = z.array(z.object({ id: z.string() }));
const sessionSchema = z.object({ id: z.string() });
const tokenSchema = z.object({ jwt: z.string().min(1) });

/**
 * Returns the port over Clerk's Backend API: it makes a session of the user with this address, and a token of that session, which
 * Clerk allows on development instances alone. The token goes as a bearer token, which Clerk's own middleware takes as well. It is
 * asked to live `lifetimeMs`: Clerk's own minute would end in the middle of a load (`expires_in_seconds`, as `sessions.getToken` of
 * `@clerk/backend` sends it, read 2026-11-27).
 */
export function clerkSessions(options: ClerkOptions & { readonly lifetimeMs: number }): Sessions {
  return {
    signIn: async (_target, email, signal): Promise<Session> => {
      const api = clerkApi(options);
      try {
        const query = { email_address: [email] };
        const [user] = await api.read({ method: 'GET', path: '/v1/users', query, signal }, usersSchema);
        if (user === undefined) throw unknownUser(email);
        const session = await api.read({ method: 'POST', path: '/v1/sessions', json: { user_id: user.id }, signal }, sessionSchema);
        const path = apiPath`/v1/sessions/${session.id}/tokens`;
        const { jwt } = await api.read(
          { method: 'POST', path, json: { expires_in_seconds: Math.ceil(options.lifetimeMs / 1000) }, signal },
          tokenSchema,
        );
        return { userId: user.id, email, headers: { authorization: `Bearer ${jwt}` }, accessToken: jwt };
      } finally {
        await api.close();
      }
    },
  };
}

function unknownUser(email: string): StagingError {
  return new StagingError('red', 'SMOKE_SIGN_IN_FAILED', `${email} could not sign in: the Clerk instance has no user with this address.`, {
    fix: `Add ${email} to the development instance of Clerk (https://dashboard.clerk.com, Users).`,
  });
}
