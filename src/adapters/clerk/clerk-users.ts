import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { SignInUsers } from '../../core/ports/web.ts';
import type { ApiClient, ApiRequest } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { clerkApi, type ClerkOptions } from './clerk-api.ts';

// clerk.com/docs/reference/backend-api, read 2026-11-22 for the local cloud: only the fields that are used.
const userSchema = z.object({ id: z.string() });

/** Returns the port over Clerk's Backend API. Throws `CLERK_LIVE_REFUSED` (exit 6) for the key of an instance with real users. */
export function clerkUsers(options: ClerkOptions): SignInUsers {
  if (options.secretKey.startsWith('sk_live_')) {
    throw new StagingError(
      'refused',
      'CLERK_LIVE_REFUSED',
      'CLERK_SECRET_KEY begins with sk_live_, expected sk_test_: no user is made beside real ones.',
      {
        fix: 'Set CLERK_SECRET_KEY to a secret key of a development instance (https://dashboard.clerk.com, API keys).',
      },
    );
  }
  const api = clerkApi(options);
  return {
    findUser: (email, signal) => find(api, email, signal),
    createUser: ({ email, password }, signal) => create(api, email, password, signal),
    deleteUser: async (id, signal) => void (await api.send({ method: 'DELETE', path: apiPath`/v1/users/${id}`, accept: [404], signal })),
    close: () => api.close(),
  };
}

async function find(api: ApiClient, email: string, signal: AbortSignal): Promise<string | undefined> {
  const query = { email_address: [email] };
  const [user] = await api.read({ method: 'GET', path: '/v1/users', query, signal }, z.array(userSchema));
  return user?.id;
}

async function create(api: ApiClient, email: string, password: string, signal: AbortSignal): Promise<string> {
  const json = { email_address: [email], password };
  // Addresses are unique there, so repeating is safe: a second call is refused with 422 and the user is found instead.
  const request: ApiRequest = { method: 'POST', path: '/v1/users', json, repeatable: true, accept: [422], signal };
  const answer = await api.send(request);
  if (answer.status !== 422) return api.parse(request, answer, userSchema).id;
  const found = await find(api, email, signal);
  if (found === undefined) throw api.refusal(request, answer);
  return found;
}
