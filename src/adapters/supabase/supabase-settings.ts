import { z } from 'zod';
import type { Fields } from '../../core/plan/model.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';

/** Settings that one endpoint of the Management API reads and writes together. */
interface SettingsGroup {
  readonly names: readonly string[];
  read(api: ApiClient, ref: string, signal: AbortSignal): Promise<Fields>;
  write(api: ApiClient, ref: string, fields: Fields, signal: AbortSignal): Promise<void>;
}

// Shapes: OpenAPI file of 2026-06-01 (contracts.md §2.3), only the fields that are used.
const sslSchema = z.object({ currentConfig: z.object({ database: z.boolean() }) });
const networkSchema = z.object({ config: z.object({ dbAllowedCidrs: z.array(z.string()).nullish() }) });
const authSchema = z.object({ site_url: z.string().nullish(), uri_allow_list: z.string().nullish() });
const poolerSchema = z.array(
  z.object({ database_type: z.string().optional(), default_pool_size: z.number().nullish(), pool_mode: z.string().nullish() }),
);
const addonsSchema = z.object({ selected_addons: z.array(z.object({ type: z.string(), variant: z.object({ id: z.string() }) })) });

const ssl: SettingsGroup = {
  names: ['sslEnforced'],
  read: async (api, ref, signal) => {
    const { currentConfig } = await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}/ssl-enforcement`, signal }, sslSchema);
    return { sslEnforced: currentConfig.database };
  },
  write: async (api, ref, { sslEnforced }, signal) => {
    const json = { requestedConfig: { database: sslEnforced } };
    await api.send({ method: 'PUT', path: apiPath`/v1/projects/${ref}/ssl-enforcement`, json, signal });
  },
};

const network: SettingsGroup = {
  names: ['allowedCidrs'],
  read: async (api, ref, signal) => {
    const { config } = await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}/network-restrictions`, signal }, networkSchema);
    return { allowedCidrs: config.dbAllowedCidrs ?? [] };
  },
  write: async (api, ref, { allowedCidrs }, signal) => {
    const path = apiPath`/v1/projects/${ref}/network-restrictions/apply`;
    await api.send({ method: 'POST', path, json: { dbAllowedCidrs: allowedCidrs }, repeatable: true, signal });
  },
};

const auth: SettingsGroup = {
  names: ['siteUrl', 'redirectUrls'],
  read: async (api, ref, signal) => {
    const found = await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}/config/auth`, signal }, authSchema);
    const listed = (found.uri_allow_list ?? '').split(',').map((address) => address.trim());
    return { siteUrl: found.site_url ?? null, redirectUrls: listed.filter((address) => address !== '') };
  },
  write: async (api, ref, { siteUrl, redirectUrls }, signal) => {
    const list = Array.isArray(redirectUrls) ? redirectUrls.join(',') : undefined;
    const json = { site_url: siteUrl, uri_allow_list: list };
    await api.send({ method: 'PATCH', path: apiPath`/v1/projects/${ref}/config/auth`, json, repeatable: true, signal });
  },
};

const pooler: SettingsGroup = {
  names: ['poolSize', 'poolMode'],
  read: async (api, ref, signal) => {
    const found = await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}/config/database/pooler`, signal }, poolerSchema);
    const primary = found.find((one) => one.database_type === 'PRIMARY') ?? found[0];
    return { poolSize: primary?.default_pool_size ?? null, poolMode: primary?.pool_mode ?? null };
  },
  write: async (api, ref, { poolSize, poolMode }, signal) => {
    const json = { default_pool_size: poolSize, pool_mode: poolMode };
    await api.send({ method: 'PATCH', path: apiPath`/v1/projects/${ref}/config/database/pooler`, json, repeatable: true, signal });
  },
};

const compute: SettingsGroup = {
  names: ['size'],
  read: async (api, ref, signal) => {
    const found = await api.read({ method: 'GET', path: apiPath`/v1/projects/${ref}/billing/addons`, signal }, addonsSchema);
    const selected = found.selected_addons.find((addon) => addon.type === 'compute_instance')?.variant.id;
    // Without an add-on the project has the smallest size of its plan, which the answer does not name.
    return selected === undefined ? {} : { size: selected.replace(/^ci_/, '') };
  },
  write: async (api, ref, { size }, signal) => {
    const json = { addon_type: 'compute_instance', addon_variant: `ci_${String(size)}` };
    await api.send({ method: 'PATCH', path: apiPath`/v1/projects/${ref}/billing/addons`, json, repeatable: true, signal });
  },
};

/** The list says whether a project is paused; waking it is a call of its own. */
const waking: SettingsGroup = {
  names: ['paused'],
  read: () => Promise.resolve({}),
  write: async (api, ref, { paused }, signal) => {
    if (paused === false) await api.send({ method: 'POST', path: apiPath`/v1/projects/${ref}/restore`, repeatable: true, signal });
  },
};

/** Every group, in the order in which they are written: a paused project must wake first. */
export const settingsGroups: readonly SettingsGroup[] = [waking, compute, ssl, network, auth, pooler];
