import { describe, expect, it } from 'vitest';
import { exerciseSteps } from '../../src/core/docs/exercise.ts';
import { type LiveFacts, type PageFacts, stagingPage } from '../../src/core/docs/page.ts';
import { commands, problemsOf } from '../support/command-line.ts';
import { stagingSettings } from '../support/stage-world.ts';

const live: LiveFacts = {
  vercelProject: 'prj_1',
  supabaseProject: 'ref',
  supabaseUrl: 'https://ref.supabase.co',
  upstashDatabase: 'db',
  migrationHead: null,
  cost: {
    knownUsdPerMonth: 0,
    unknown: [{ what: 'Vercel project', why: 'seats' }],
    parts: [],
    productionUsdPerMonth: null,
    verdict: 'unknown',
  },
};
const facts: PageFacts = {
  settings: stagingSettings,
  url: 'https://staging.jet.test',
  live,
  accounts: ['a|b@staging.test'],
  environmentFile: '.env.staging',
};

/** Returns what our commands do not understand of these lines. */
function problems(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const words = line.replace(/^jv-staging /, '');
    const id = Object.keys(commands)
      .toSorted((a, b) => b.length - a.length)
      .find((one) => `${words} `.startsWith(`${one.replaceAll(':', ' ')} `));
    return problemsOf(line.replace('jv-staging', '<%= config.bin %>'), id ?? '').map((problem) => `${line}: ${problem}`);
  });
}

describe('the page of an environment', () => {
  const page = stagingPage(facts);

  it('says where each password is, and breaks no table by what it names', () => {
    expect(page).toContain('| App | a\\|b@staging.test | STAGING_USER_PASSWORD, in the team’s password store');
    expect(page).toContain('| Vercel project | unknown | seats |');
    const rows = page.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) expect(row.endsWith(' |'), row).toBe(true);
  });

  it('names only commands that there are, with flags that they have', () => {
    const named = [...page.matchAll(/`(jv-staging [^`]+)`|^(jv-staging [^#\n]+?)(?: +#.*)?$/gm)].map(
      ([, quoted, plain]) => quoted ?? plain ?? '',
    );

    expect(named.length).toBeGreaterThan(20);
    expect(problems(named)).toEqual([]);
  });

  it('is the same as long as the environment is', () => {
    expect(stagingPage(facts)).toBe(page);
    expect(stagingPage({ ...facts, live: { ...live, migrationHead: '2' } })).not.toBe(page);
  });
});

describe('the page before the environment is there, as init writes it', () => {
  it('says that, names what will be made, and leaves out what nobody can know', () => {
    const page = stagingPage({ ...facts, live: undefined });

    expect(page).toContain('`jv-staging docs` completes it');
    expect(page).toContain(`| Vercel project | ${stagingSettings.name}, made by provision |`);
    expect(page).not.toMatch(/^## Cost|prj_1|\| Schema/m);
    expect(page).toContain(`jv-staging destroy --confirm ${stagingSettings.name}`);
  });
});

describe('the exercise', () => {
  it('has commands of ours that there are', () => {
    const lines = exerciseSteps('jet-staging')
      .flatMap((step) => step.commands)
      .map(({ line }) => line);

    expect(problems(lines.filter((line) => line.startsWith('jv-staging')))).toEqual([]);
  });
});
