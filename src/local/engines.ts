/** Where the database servers' programs are, for those that are not found by themselves. */
export interface Engines {
  /** A folder with Postgres 15 programs, instead of npm's. */
  readonly postgresBinDir?: string | undefined;
  readonly redisServer?: string | undefined;
  readonly pgbouncer?: string | undefined;
  /** Folders to look for programs in, as in PATH. */
  readonly searchPath?: string | undefined;
}
