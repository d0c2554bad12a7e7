/** A place outside that keeps secrets for somebody else, such as a repository's CI. Throws `GITHUB_…` errors. */
export interface SecretStore {
  /** What it is, for messages: `GitHub, jetvision/app`. */
  readonly title: string;
  /** Hands a value over; one of the same name is replaced. */
  put(name: string, value: string, signal: AbortSignal): Promise<void>;
}
