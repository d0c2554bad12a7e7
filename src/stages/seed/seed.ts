import type { StageRun } from '../../core/run/stage.ts';
import type { Resources } from '../resources.ts';
import { anonymiseStage } from './anonymise.ts';
import type { SeedChoice, SeedDeps, SeedDetails } from './parts.ts';
import { rowsStage } from './rows.ts';
import { volumeStage } from './volume.ts';

/** Returns the stage that writes a seed profile: `volume` is made, any other is read from its file; or that copies production. */
export function seedStage(deps: SeedDeps, resources: Resources, choice: SeedChoice): StageRun<SeedDetails> {
  if (choice.from === 'production') return anonymiseStage(deps, resources);
  return choice.profile === 'volume' ? volumeStage(deps, resources, choice) : rowsStage(deps, resources, choice);
}
