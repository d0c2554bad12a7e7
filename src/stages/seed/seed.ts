import { StagingError } from '../../core/errors.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { Resources } from '../resources.ts';
import { anonymiseStage } from './anonymise.ts';
import type { SeedChoice, SeedDeps, SeedDetails } from './parts.ts';
import { queuesStage } from './queues.ts';
import { rowsStage } from './rows.ts';
import { volumeStage } from './volume.ts';

/**
 * Returns the stage that writes a seed profile: `volume` is made, `queues` fills Redis, any other writes rows; or that copies production.
 * Throws `SEED_ROWS_UNMEANT` (exit 2) for a number of rows that the profile does not go by.
 */
export function seedStage(deps: SeedDeps, resources: Resources, choice: SeedChoice): StageRun<SeedDetails> {
  if (choice.from === 'production') return anonymiseStage(deps, resources);
  if (choice.rows !== undefined && choice.profile !== 'volume') throw rowsUnmeant(choice.rows, choice.profile);
  if (choice.profile === 'queues') return queuesStage(deps, resources, choice);
  return choice.profile === 'volume' ? volumeStage(deps, resources, choice) : rowsStage(deps, resources, choice);
}

function rowsUnmeant(rows: number, profile: string): StagingError {
  return new StagingError(
    'usage',
    'SEED_ROWS_UNMEANT',
    `The profile ${profile} has its own rows and cannot have ${rows}; expected \`--rows\` with the profile volume alone.`,
    { fix: `Run \`jv-staging seed --profile volume --rows ${rows}\`, or leave \`--rows\` out.` },
  );
}
