import type { StagingConfig } from './config/schema/schema.ts';

export type { StagingConfig } from './config/schema/schema.ts';
export { env, from } from './config/references.ts';

/** Returns the configuration as it is: what it adds is the type, so that an editor completes and checks `staging.config.ts`. */
export function defineConfig(config: StagingConfig): StagingConfig {
  return config;
}
