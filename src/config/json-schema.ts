import { z } from 'zod';
import { configSchema } from './schema/schema.ts';

/** What each part of the configuration is for, as editors show it. */
const descriptions: Readonly<Record<keyof z.input<typeof configSchema>, string>> = {
  name: 'Name of the project at Vercel, Supabase and Upstash; what `--confirm` wants to hear.',
  environment: 'Name of the environment: /api/health must answer with it.',
  target: 'Where commands work unless `--target` says otherwise: at the vendors, or on the local cloud.',
  domain: 'Domain of staging.',
  branch: 'Branch that is staged.',
  allowDistantRegions: 'True: app, database and Redis may lie far apart.',
  app: 'Folder of the app, the command that builds it (its words), and the folder with the result (Build Output API v3). Paths are relative to this file.',
  vercel: 'The Vercel project: credentials, region, build settings, linked repository.',
  supabase: 'The Supabase project: credentials, region, size, auth, pooler, and the folders of the schema.',
  upstash: 'The Upstash database: credentials, region, plan, key prefix, names of the BullMQ queues.',
  production: 'What must never be touched, and the budgets that production holds.',
  drift: 'What of drift is meant, why, and until when.',
  env: 'Variables of the app: where each value comes from, whether browsers may see it, and the rule it must hold to.',
  seed: 'Rows and users that staging is filled with.',
  restorePoints: 'Where restore points go, and how many are kept.',
  smoke: 'Checks of the app, and how many must have run.',
  perf: 'Pages and endpoints that are measured, and their budgets.',
  load: 'Journey, ramps and thresholds of the load.',
  notify: 'Who in Slack is told of success, failure and recovery with `--notify`.',
  costs: 'What vendors really charge, where no price list says it: with source and day.',
  gate: 'Where the release decision asks for issues, reviews and attestations.',
};

/** Returns the JSON Schema (draft 7, which editors know best) of what a configuration may say; defaults are optional. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const description = Object.entries(descriptions).find(([key]) => key === name)?.[1];
    return [name, typeof property === 'object' ? { description, ...property } : property] as const;
  });
  return {
    ...schema,
    title: 'Configuration of jv-staging',
    properties: { $schema: { type: 'string', description: 'Address of this schema.' }, ...Object.fromEntries(properties) },
  };
}
