/** Where the parts of the sample project lie in the tool's own package, and where they go in a project. A folder goes with all below it. */
export const samplePlaces = [
  { from: 'dist/sample/staging.config.ts', to: 'staging.config.ts' },
  { from: 'dist/sample/app', to: 'app' },
  { from: 'supabase/config.toml', to: 'supabase/config.toml' },
  { from: 'supabase/migrations', to: 'supabase/migrations' },
  { from: 'supabase/rollbacks', to: 'supabase/rollbacks' },
  { from: 'fixtures/seed', to: 'seed' },
] as const;
