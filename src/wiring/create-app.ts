import { parseDuration } from '../config/duration.ts';
import type { App, AppRequest } from './app.ts';
import { openContext, requireNotify } from './context.ts';

/** Returns the tool's parts wired up for one command. Throws `CONFIG_…` (exit 2) and `DURATION_INVALID` (exit 2). */
export async function createApp(request: AppRequest): Promise<App> {
  const context = await openContext(request);
  requireNotify(context);
  const waitMs = parseDuration(request.waitLock, '--wait-lock');
  // The adapters bring large packages: they are loaded once the configuration is known to be right.
  const { appOf } = await import('./app-parts.ts');
  return appOf(context, waitMs);
}
