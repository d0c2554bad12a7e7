/** A framework as Vercel's list of frameworks has it. */
export interface FoundFramework {
  /** Vercel's own name for it: `nextjs`. */
  readonly slug: string;
  /** The name that people know: `Next.js`. */
  readonly name: string;
  /** How names of variables begin that browsers see, e.g. `NEXT_PUBLIC_`; empty when the framework has none. */
  readonly publicPrefix: string;
}

/** What a repository says of itself to whoever reads it. Everything is what was found; nothing is guessed. */
export interface Repository {
  /** Folder that the configuration goes to, absolute. */
  readonly folder: string;
  /** Folder of the app, relative to `folder`, with forward slashes. */
  readonly appDir: string;
  /** What `package.json` of the app, or of the folder, says. */
  readonly packageName: string | undefined;
  readonly homepage: string | undefined;
  /** Names of all packages that the app depends on. */
  readonly packages: readonly string[];
  readonly framework: FoundFramework | undefined;
  /** The project that `.vercel/project.json` links to, and the regions of `vercel.json`. */
  readonly vercel: {
    readonly project: string | undefined;
    readonly team: string | undefined;
    /** True: there is a `.vercel/project.json`, whatever it says. */
    readonly hasSettings: boolean;
    readonly regions: readonly string[];
  };
  /** `supabase/`: the linked project's reference, and what `config.toml` and the folders say. */
  readonly supabase: {
    readonly project: string | undefined;
    readonly postgresVersion: string | undefined;
    readonly hasMigrations: boolean;
    readonly migrations: number;
  };
  /** Undefined in no repository. */
  readonly git: { readonly repository: string | null; readonly branches: readonly string[] } | undefined;
  /** Names of variables in the example of an environment file. */
  readonly variables: readonly string[];
  /** The folder of Next.js's App Router within the app, whether TypeScript is used, and Next.js's major version (null: not said); undefined when there is none. */
  readonly router: { readonly folder: string; readonly typescript: boolean; readonly nextMajor: number | null } | undefined;
  /** The file that answers `/api/health`, relative to `folder`; undefined when none was found. */
  readonly healthRoute: string | undefined;
  /** The title of the home page, where a file says it in one piece. */
  readonly title: string | undefined;
  readonly hasSeed: boolean;
}

/** Returns true when the app depends on one of these packages; a name that ends with `/` stands for its whole scope. */
export function dependsOn({ packages }: Pick<Repository, 'packages'>, ...names: readonly string[]): boolean {
  return packages.some((found) => names.some((name) => (name.endsWith('/') ? found.startsWith(name) : found === name)));
}
