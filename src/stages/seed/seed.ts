import type { StageRun } from '../../core/run/stage.ts';
import type { Resources } from '../resources.ts';
import { anonymiseStage } from './anonymise.ts';
import type { SeedChoice, SeedDeps, SeedDetails } from './parts.ts';
import { queuesStage } from './queues.ts';
import { rowsStage } from './rows.ts';
import { volumeStage } from './volume.ts';

/** Returns the stage that writes a seed profile: `volume` is made, `queues` fills Redis, any other writes rows; or that copies production. */
export function seedStage(deps: SeedDeps, resources: Resources, choice: SeedChoice): StageRun<SeedDetails> {
  if (choice.from === 'production') return anonymiseStage(deps, resources);
  if (choice.profile === 'queues') return queuesStage(deps, resources, choice);
  return choice.profile === 'volume' ? volumeStage(deps, resources, choice) : rowsStage(deps, resources, choice);
}
