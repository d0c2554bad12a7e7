import { randomBytes } from 'node:crypto';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { expect } from 'vitest';
import { startSupabase, type ProjectCredentials, type SupabaseOptions, type SupabaseService } from '../../src/local/supabase/service.ts';
import { ask, type ApiAnswer } from './local-api.ts';
import { keepAnswers } from './openapi/answer-check.ts';
import { testContext } from './service-context.ts';

/** An emulated Supabase for one test file, asked without a socket; every answer is held against the vendor's OpenAPI file. */
export interface TestManagement {
  readonly service: SupabaseService;
  readonly accessToken: string;
  api(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** Asks for something that must work and returns its body. */
  done(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Runs SQL as the project's owner. */
  query(ref: string, sql: string): Promise<unknown>;
  /** Creates a project and returns its ref once it is up. */
  project(name: string): Promise<string>;
  /** Returns once the project has this status. */
  until(ref: string, status: string): Promise<void>;
  credentials(ref: string): Promise<ProjectCredentials>;
  client(ref: string, key: 'anon' | 'service_role'): Promise<SupabaseClient>;
  /** Ends everything; throws when an answer was not as the vendor specifies it. */
  remove(): Promise<void>;
}

/** Starts it; nothing is limited that the test does not limit. */
export async function startTestManagement(options: Partial<SupabaseOptions> = {}): Promise<TestManagement> {
  const accessToken = `sbp_${randomBytes(20).toString('hex')}`;
  const test = await testContext();
  const service = await startSupabase(test.context, { accessToken, rateLimit: { requests: 10_000, windowMs: 60_000 }, ...options });
  const kept = keepAnswers();
  const api = (method: string, path: string, body?: unknown) =>
    ask(kept.of(service), { authorization: `Bearer ${accessToken}`, method, path, body });
  const done = async (method: string, path: string, body?: unknown) => {
    const answer = await api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    service,
    accessToken,
    api,
    done,
    query: (ref, sql) => done('POST', `/v1/projects/${ref}/database/query`, { query: sql }),
    project: async (name) => (await service.createProject({ name, region: 'us-east-1', password: 'geheim' })).ref,
    until: (ref, status) =>
      expect.poll(async () => (await api('GET', `/v1/projects/${ref}`)).body, { timeout: 20_000 }).toMatchObject({ status }),
    credentials: (ref) => service.credentials(ref),
    client: async (ref, key) => {
      const { addresses, anonKey, serviceRoleKey } = await service.credentials(ref);
      return createClient(addresses.url, key === 'anon' ? anonKey : serviceRoleKey, { auth: { persistSession: false } });
    },
    remove: async () => {
      await service.stop();
      await test.remove();
      kept.verify();
    },
  };
}
