import { Flags } from '@oclif/core';
import { packageFlag, type SharedFlagValues } from './shared-flags.ts';

/** Flags that answer what `init` would ask. */
export const initFlags = {
  ...packageFlag,
  name: Flags.string({ helpValue: 'NAME', env: 'JV_INIT_NAME', summary: 'Name of the staging project.' }),
  'production-domain': Flags.string({ helpValue: 'DOMAIN', env: 'JV_INIT_PRODUCTION_DOMAIN', summary: 'Domain of production.' }),
  domain: Flags.string({
    helpValue: 'DOMAIN',
    env: 'JV_INIT_DOMAIN',
    summary: 'Domain of staging (default: staging. and that of production).',
  }),
  branch: Flags.string({ helpValue: 'BRANCH', env: 'JV_INIT_BRANCH', summary: 'Branch that is staged (default: develop).' }),
  region: Flags.string({
    helpValue: 'REGION',
    env: 'JV_INIT_REGION',
    summary: 'Region of Vercel (default: that of vercel.json, else iad1).',
  }),
  sample: Flags.boolean({
    env: 'JV_INIT_SAMPLE',
    summary: 'Write the sample project into an empty folder instead: app (built), schema, seed, configuration.',
  }),
  compat: Flags.boolean({
    env: 'JV_INIT_COMPAT',
    exclusive: ['sample'],
    summary: 'Write thin scripts instead that have the names of earlier ones and call this tool; needs a configuration.',
  }),
  app: Flags.string({ helpValue: 'DIR', env: 'JV_INIT_APP', summary: 'Folder of the app (default: found).' }),
  workflow: Flags.boolean({ env: 'JV_INIT_WORKFLOW', summary: 'Write the GitHub workflow too, as `ci init` does.' }),
  runbook: Flags.boolean({
    env: 'JV_INIT_RUNBOOK',
    summary: 'Write docs/STAGING.md too, as far as it can be said before the environment is there; `docs` completes it.',
  }),
  health: Flags.boolean({
    env: 'JV_INIT_HEALTH',
    summary: 'Write a route for /api/health too, where an app of Next.js (App Router) has none.',
  }),
  force: Flags.boolean({ env: 'JV_FORCE', summary: 'Overwrite files that differ; their diff is shown.' }),
  keep: Flags.boolean({
    env: 'JV_INIT_KEEP',
    exclusive: ['force'],
    summary: 'Leave files that differ as they are, and write the others.',
  }),
};

/** What the flags of `init` were set to. */
export interface InitFlagValues extends SharedFlagValues {
  readonly name?: string | undefined;
  readonly 'production-domain'?: string | undefined;
  readonly domain?: string | undefined;
  readonly branch?: string | undefined;
  readonly region?: string | undefined;
  readonly app?: string | undefined;
  readonly sample?: boolean;
  readonly compat?: boolean;
  readonly workflow?: boolean;
  readonly runbook?: boolean;
  readonly package?: string | undefined;
  readonly health?: boolean;
}
