import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { createApiKey, type ApiKey, type ProjectKeys } from '../keys.ts';
import { projectOf, type ManagementOptions } from './context.ts';
import { body, ManagementError } from './management-error.ts';
import { keyAnswer } from './shapes.ts';

const template = z.record(z.string(), z.unknown());
const keyName = z.string().regex(/^[a-z_][a-z0-9_]{3,63}$/, 'must be 4 to 64 lower-case letters, digits and underscores');
const newKeyBody = z.object({
  type: z.enum(['publishable', 'secret']),
  name: keyName,
  description: z.string().nullish(),
  secret_jwt_template: template.nullish(),
});
const changeBody = z.object({ name: keyName.optional(), description: z.string().nullish(), secret_jwt_template: template.nullish() });

/** Adds the project's keys: the two legacy tokens, and any number of publishable and secret ones. */
export function addKeys(app: Hono, options: ManagementOptions): void {
  addLegacy(app, options);
  addKeyList(app, options);
  addOneKey(app, options);
}

function addLegacy(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/api-keys/legacy', (c) => c.json({ enabled: projectOf(options, c).keys.legacyDisabled !== true }));
  app.put('/v1/projects/:ref/api-keys/legacy', async (c) => {
    const enabled = c.req.query('enabled');
    if (enabled !== 'true' && enabled !== 'false') throw new ManagementError(400, 'enabled: must be true or false');
    const { ref, keys } = projectOf(options, c);
    await options.projects.change(ref, { keys: { ...keys, legacyDisabled: enabled === 'false' } });
    return c.json({ enabled: enabled === 'true' });
  });
}

function addKeyList(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/api-keys', (c) => {
    const { keys } = projectOf(options, c);
    return c.json([...legacyKeys(keys), ...keys.apiKeys.map((key) => keyAnswer(key, isRevealing(c)))]);
  });
  app.post('/v1/projects/:ref/api-keys', async (c) => {
    const project = projectOf(options, c);
    const wanted = await body(c, newKeyBody);
    if (project.keys.apiKeys.some((key) => key.type === wanted.type && key.name === wanted.name)) {
      throw new ManagementError(409, `A ${wanted.type} key named ${wanted.name} exists already`);
    }
    const more = { description: wanted.description ?? null, jwtTemplate: wanted.secret_jwt_template ?? undefined };
    const key = createApiKey(wanted.type, wanted.name, more);
    await store(options, project.ref, (keys) => [...keys, key]);
    return c.json(keyAnswer(key, isRevealing(c)), 201);
  });
}

function addOneKey(app: Hono, options: ManagementOptions): void {
  const keyOf = (c: Context): ApiKey => {
    const id = c.req.param('id') ?? '';
    const key = projectOf(options, c).keys.apiKeys.find((candidate) => candidate.id === id);
    if (key === undefined) throw new ManagementError(404, `API key ${id} not found`);
    return key;
  };
  app.get('/v1/projects/:ref/api-keys/:id', (c) => c.json(keyAnswer(keyOf(c), isRevealing(c))));
  app.patch('/v1/projects/:ref/api-keys/:id', async (c) => {
    const key = keyOf(c);
    const wanted = await body(c, changeBody);
    const changed: ApiKey = {
      ...key,
      name: wanted.name ?? key.name,
      description: wanted.description === undefined ? key.description : wanted.description,
      jwtTemplate: key.type === 'secret' ? (wanted.secret_jwt_template ?? key.jwtTemplate) : undefined,
      updatedAt: new Date().toISOString(),
    };
    await store(options, projectOf(options, c).ref, (keys) => keys.map((known) => (known.id === key.id ? changed : known)));
    return c.json(keyAnswer(changed, isRevealing(c)));
  });
  app.delete('/v1/projects/:ref/api-keys/:id', async (c) => {
    const key = keyOf(c);
    await store(options, projectOf(options, c).ref, (keys) => keys.filter((known) => known.id !== key.id));
    return c.json(keyAnswer(key, isRevealing(c)));
  });
}

async function store(options: ManagementOptions, ref: string, change: (keys: readonly ApiKey[]) => readonly ApiKey[]): Promise<void> {
  const keys = options.projects.get(ref)?.keys;
  if (keys !== undefined) await options.projects.change(ref, { keys: { ...keys, apiKeys: change(keys.apiKeys) } });
}

function isRevealing(c: Context): boolean {
  return c.req.query('reveal') === 'true';
}

function legacyKeys(keys: ProjectKeys) {
  const legacy = (name: string, key: string) => ({
    name,
    api_key: key,
    id: name,
    type: 'legacy',
    hash: '',
    prefix: key.slice(0, 5),
    description: `Legacy ${name} API key`,
  });
  return keys.legacyDisabled === true ? [] : [legacy('anon', keys.anonKey), legacy('service_role', keys.serviceRoleKey)];
}
