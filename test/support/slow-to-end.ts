// A command that takes a while to tidy up after an interruption: `node slow-to-end.ts MS`. It says `up`, then `tidied`.
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StagingCommand } from '../../src/base-command.ts';
import type { App, AppRequest } from '../../src/wiring/app.ts';

class SlowToEnd extends StagingCommand {
  static override effects = { readOnly: true, destructive: false, idempotent: true };
  private signal: AbortSignal | undefined;

  protected override createApp(request: AppRequest): Promise<App> {
    this.signal = request.signal;
    const parts: App = Object.assign(JSON.parse('{}'), {
      secrets: () => [],
      placeOf: () => undefined,
      close: async () => {
        await sleep(Number(process.argv[2]));
        process.stdout.write('tidied\n');
      },
    });
    return Promise.resolve(parts);
  }

  async run(): Promise<void> {
    await this.parse(SlowToEnd);
    await this.withApp({}, async () => {
      process.stdout.write('up\n');
      const { signal } = this;
      if (signal === undefined) throw new Error('The app was not asked for.');
      await Promise.all([once(signal, 'abort'), sleep(60_000, undefined, { signal }).catch(() => undefined)]);
      signal.throwIfAborted();
    });
  }
}

await SlowToEnd.run([], join(import.meta.dirname, '../..'));
