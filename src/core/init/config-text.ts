import { regionsNear } from '../regions.ts';
import type { Answers } from './answers.ts';
import { dependsOn, type Repository } from './repository.ts';
import { variablesOf, type WrittenVariable } from './variables.ts';

/** Any page of HTML has it; it stands where nothing better is known. */
const anyPage = '<html';

/** Returns the text of `staging.config.ts` for a repository: typed, with a comment wherever a person may want to decide. */
export function configText(repository: Repository, answers: Answers): string {
  const variables = variablesOf(repository, answers.name);
  const imports = ['defineConfig', ...(uses(variables, 'env(') ? ['env'] : []), ...(uses(variables, 'from.') ? ['from'] : [])];
  const sections = [
    ...unchecked(repository),
    `import { ${imports.join(', ')} } from 'jv-staging';`,
    '',
    '/** The staging environment. Every key has its meaning in the editor; `jv-staging doctor` says what is missing. */',
    'export default defineConfig({',
    ...indented([
      ...head(answers),
      ...appLines(repository),
      ...vendorLines(repository, answers),
      ...productionLines(repository, answers),
      ...variableLines(repository, variables),
      "seed: { dir: 'seed', profile: 'demo' }, // rows and users in seed/demo.json",
      ...gateLines(repository),
      ...checkLines(repository),
    ]),
    '});',
    '',
  ];
  return sections.join('\n');
}

/** An app's own type-check takes in every .ts file below it, and where this tool is installed elsewhere it cannot find the import. */
function unchecked(repository: Repository): readonly string[] {
  if (dependsOn(repository, 'jv-staging')) return [];
  return [
    ...(dependsOn(repository, 'eslint') ? ['/* eslint-disable @typescript-eslint/ban-ts-comment */'] : []),
    '// @ts-nocheck: jv-staging checks this file each time. Delete this line once jv-staging is one of your own devDependencies.',
  ];
}

function uses(variables: readonly WrittenVariable[], start: string): boolean {
  return variables.some(({ value }) => value.startsWith(start));
}

function head({ name, domain, branch }: Answers): readonly string[] {
  return [
    `name: ${quoted(name)}, // at Vercel, Supabase and Upstash`,
    "environment: 'staging',",
    `domain: ${quoted(domain)},`,
    `branch: ${quoted(branch)},`,
  ];
}

function appLines({ appDir, framework }: Repository): readonly string[] {
  const dir = `dir: ${quoted(appDir)}`;
  if (framework === undefined)
    return [
      '// Deployed is what lies in `.vercel/output` (Build Output API v3). Name the command that writes it:',
      "// app: { dir: '.', build: ['npm', 'run', 'build'] },",
      `app: { ${dir} },`,
    ];
  return [
    `// ${framework.name} is built by Vercel's own command line into .vercel/output, by the settings in .vercel/project.json.`,
    `app: { ${dir}, build: ['vercel', 'build', '--prod', '--yes'] },`,
  ];
}

function vendorLines(repository: Repository, { name, region }: Answers): readonly string[] {
  const near = regionsNear(region);
  const { framework, supabase } = repository;
  const queues = dependsOn(repository, 'bullmq')
    ? ['// Names of the BullMQ queues, so that smoke and load can look at them:', "// queues: ['emails'],"]
    : [];
  return [
    '// Credentials stand in .env.staging or in the environment: VERCEL_TOKEN, SUPABASE_ACCESS_TOKEN, UPSTASH_API_KEY …',
    `vercel: { region: ${quoted(region)}${framework === undefined ? '' : `, framework: ${quoted(framework.slug)}`} },`,
    'supabase: {',
    ...indented([
      ...(near.supabase === undefined ? [] : [`region: ${quoted(near.supabase)},`]),
      ...(supabase.postgresVersion === undefined
        ? []
        : [`postgresVersion: ${quoted(supabase.postgresVersion)}, // as supabase/config.toml has it`]),
      "migrations: 'supabase/migrations',",
      "rollbacks: 'supabase/rollbacks', // reverse scripts, files of the same names",
    ]),
    '},',
    'upstash: {',
    ...indented([
      ...(near.upstash === undefined ? [] : [`region: ${quoted(near.upstash)},`]),
      `prefix: ${quoted(`${name}:`)}, // every key of this environment begins so`,
      ...queues,
    ]),
    '},',
  ];
}

function productionLines({ vercel, supabase }: Repository, { productionDomain }: Answers): readonly string[] {
  const bare = productionDomain.replace(/^www\./, '');
  const domains = bare === productionDomain ? [productionDomain] : [bare, productionDomain];
  const named = (key: string, value: string | undefined, hint: string) =>
    value === undefined ? `// ${key}: [${quoted(hint)}],` : `${key}: [${quoted(value)}],`;
  return [
    '// What must never be touched. Complete it before the first run against the vendors.',
    'production: {',
    ...indented([
      `domains: [${domains.map(quoted).join(', ')}],`,
      named('vercelProjects', vercel.project, 'name-of-the-project'),
      named('supabaseProjects', supabase.project, 'reference-of-the-project'),
      "// upstashDatabases: ['name-of-the-database'],",
    ]),
    '},',
  ];
}

function variableLines({ variables: fromFile }: Repository, variables: readonly WrittenVariable[]): readonly string[] {
  if (variables.length === 0)
    return ["// The variables of the app, e.g. DATABASE_URL: { value: from.database.poolerUrl, class: 'secret' }", 'env: {},'];
  const optional = variables.some(({ required }) => !required);
  return [
    `// The variables of the app, ${fromFile.length === 0 ? 'as its packages usually read them' : 'as its example file names them'}.`,
    ...(optional ? ['// Those with `required: false` may lack a value; take that away where the app cannot do without.'] : []),
    'env: {',
    ...indented(
      variables.map(
        ({ name, value, class: secrecy, required }) =>
          `${name}: { value: ${value}, class: '${secrecy}'${required ? '' : ', required: false'} },`,
      ),
    ),
    '},',
  ];
}

function gateLines({ git }: Repository): readonly string[] {
  if (git === undefined || git.repository === null || !/^[\w.-]+\/[\w.-]+$/.test(git.repository)) return [];
  return [`gate: { repository: ${quoted(git.repository)} }, // asked for issues and reviews`];
}

function checkLines({ healthRoute, title }: Repository): readonly string[] {
  const health = "{ id: 'health', kind: 'health', title: 'Health: environment, database, Redis, Sentry, commit', path: '/api/health' },";
  const measured = healthRoute === undefined ? "{ id: 'home', path: '/' }" : "{ id: 'health', path: '/api/health' }";
  return [
    'smoke: {',
    ...indented([
      'checks: [',
      ...indented([
        ...(title === undefined ? ['// Put words here that only your home page shows: any page has these.'] : []),
        `{ id: 'home', kind: 'page', title: 'Home page', path: '/', marker: ${quoted(title ?? anyPage)} },`,
        ...(healthRoute === undefined
          ? ['// Proves who answered: deploy and smoke are red until the app has it.', `// ${health}`]
          : [health]),
        '// Search engines must not find staging. Send this header outside of production, then take the // away:',
        "// { id: 'headers', kind: 'headers', title: 'Not indexed by search engines', path: '/', headers: { 'x-robots-tag': 'noindex' } },",
        "{ id: 'no-production', kind: 'negative', title: 'Nothing of production in the page', path: '/' },",
        "{ id: 'redis', kind: 'redis', title: 'Redis over TCP and REST, its keys under the prefix' },",
      ]),
      '],',
    ]),
    '},',
    "perf: { pages: [{ id: 'home', path: '/' }], endpoints: [" + (healthRoute === undefined ? '' : measured) + '],',
    '  memory: { server: false }, // a leak of the server shows once its health route collects garbage first',
    '},',
    `load: { journey: [${measured.replace(' }', ', thinkMs: 1000 }')}], profile: 'short' }, // the gate wants 'full', six minutes`,
  ];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}

/** Returns a text as a literal of TypeScript. */
function quoted(value: string): string {
  return `'${JSON.stringify(value)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", String.raw`\'`)}'`;
}
