import type { EnvReference } from '../settings.ts';

/** Where people are told: a channel, by a bot (one thread a release), or an incoming webhook (single messages). */
export type SlackSettings =
  | {
      /** Name (`staging`) or id (`C0…`) of a channel that the bot is a member of. */
      readonly channel: string;
      readonly token: EnvReference;
    }
  | { readonly webhook: EnvReference };

/** Who is told what came of a run with `--notify`. */
export interface NotifySettings {
  readonly slack: SlackSettings;
}
