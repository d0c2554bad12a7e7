import { guardProduction } from '../../core/guard.ts';
import type { Database } from '../../core/ports/database.ts';
import type { KeptRecords, RestorePoints } from '../../core/ports/restore-points.ts';
import type { ReleaseRecord } from '../../core/release/release.ts';
import { resealedHistory } from '../../core/release/reseal.ts';
import { formerKeysLine, formerKeysName } from '../../core/secrets/former-keys.ts';
import type { KnownSecret } from '../../core/secrets/secrets.ts';
import type { Step } from '../../core/run/step.ts';
import { wantedVariables, type VariableDeps } from '../plan/wanted-variables.ts';
import type { Resources } from '../resources.ts';
import { refuseOutside, type SecretsDeps } from './deps.ts';

/** What bringing a new state key in needs. */
export interface ResealDeps extends SecretsDeps, Omit<VariableDeps, 'settings' | 'readSecret'> {
  readonly openDatabase: () => Database;
  readonly restorePoints: () => RestorePoints;
  readonly keptRecords: KeptRecords<ReleaseRecord>;
}

/**
 * Returns the lines of the environment file with a new state key in it: the key of before stays beside it and opens, until everything is
 * sealed anew. Both lines are written at once. Throws `SECRET_SET_OUTSIDE` (exit 2).
 */
export async function stateKeyLines(deps: SecretsDeps, name: string, next: string): Promise<Readonly<Record<string, string>>> {
  await refuseOutside(deps, formerKeysName);
  const [key, former] = await Promise.all([deps.ownFile.read(name), deps.ownFile.read(formerKeysName)]);
  return { [name]: next, [formerKeysName]: formerKeysLine(key, former, next) };
}

/** Returns the steps that seal everything anew that the former state key sealed; none of them does anything for another secret. */
export function resealSteps(deps: ResealDeps, resources: Resources, { kind }: KnownSecret): readonly Step[] {
  const skip = () => (kind === 'state-key' ? undefined : 'nothing is sealed with it');
  return [
    {
      id: 'restore-points',
      title: 'Seal the restore points anew',
      mutates: true,
      skip,
      run: async (io) => {
        const { sealed, unopened } = await deps.restorePoints().reseal(io.signal);
        return `${sealed} under the new key${left(unopened)}`;
      },
    },
    {
      id: 'records',
      title: 'Seal the variables of earlier releases anew',
      mutates: true,
      skip,
      run: async (io) => {
        const { ref, name } = resources.database.get();
        guardProduction({ what: 'Supabase project', identities: [ref, name] }, deps.settings.production);
        const database = deps.openDatabase();
        const sealing = await deps.sealing();
        const wanted = await wantedVariables(deps, resources);
        const values = Object.fromEntries(wanted.map((variable) => [variable.name, variable.value]));
        const { records, unopened } = resealedHistory(await database.releases(deps.settings.environment, io.signal), sealing, values);
        await database.resealReleases(records, io.signal);
        // What waits while the database goes back in time is part of the history, too.
        const kept = await deps.keptRecords.read();
        if (kept.length > 0) await deps.keptRecords.write(resealedHistory(kept, sealing, values).records);
        return `${records.length - unopened.length} releases under the new key${left(unopened)}`;
      },
    },
  ];
}

/**
 * Forgets the former keys, unless the configuration holds fingerprints of production's secrets that only they can tell. Returns what is
 * to be said about it.
 */
export async function forgetFormerKeys({ settings, ownFile }: SecretsDeps): Promise<string> {
  const keyed = Object.entries(settings.production.fingerprints ?? {}).filter(([, print]) => print.startsWith('hmac:'));
  if (keyed.length === 0) {
    await ownFile.write({ [formerKeysName]: '' });
    return 'hand it to CI: run `jv-staging secrets export --to github`';
  }
  return `${formerKeysName} stays: ${keyed.length} of production.fingerprints are made with a former key, so make them anew with \`jv-staging doctor isolation --fingerprint\`, then remove that line; hand both to CI: run \`jv-staging secrets export --to github\``;
}

function left(unopened: readonly string[]): string {
  return unopened.length === 0 ? '' : `; ${unopened.join(', ')} opened with no key at hand, and stayed as they were`;
}
