import type { Vocabulary } from '../../core/seed/volume/story.ts';

/** Words of each kind: enough that few people share a name, few enough to be made in a moment. */
const words = { names: 600, operators: 60 };

/** Returns the names that a volume seed draws from, by faker; the same seed value gives the same names in the same order. */
export async function fakerVocabulary(seed: number): Promise<Vocabulary> {
  const { faker } = await import('@faker-js/faker/locale/en');
  faker.seed(seed);
  return {
    firstNames: Array.from({ length: words.names }, () => faker.person.firstName()),
    lastNames: Array.from({ length: words.names }, () => faker.person.lastName()),
    operators: Array.from({ length: words.operators }, () => `${faker.company.name()} Aviation`),
  };
}
