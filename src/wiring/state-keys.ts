import { formerKeys, formerKeysName } from '../core/secrets/former-keys.ts';
import type { Context } from './context.ts';
import { missingValue } from './missing-value.ts';

/** Returns the state keys: the one that seals, then the former ones. Throws `STATE_KEY_MISSING` (kind `missing`). */
export function stateKeys(context: Pick<Context, 'secrets' | 'envFile'>): readonly [string, ...string[]] {
  const key = context.secrets.read({ kind: 'env', name: 'JV_STATE_KEY' });
  if (key !== undefined) return [key, ...formerStateKeys(context)];
  const fix = 'Run `jv-staging provision`, which generates it, or set the JV_STATE_KEY that this environment was provisioned with.';
  throw missingValue(context, 'JV_STATE_KEY', 'STATE_KEY_MISSING', fix);
}

/** Returns the former state keys, newest first; empty outside of a rotation, most of the time. */
export function formerStateKeys({ secrets }: Pick<Context, 'secrets'>): readonly string[] {
  return formerKeys(secrets.read({ kind: 'env', name: formerKeysName }));
}
