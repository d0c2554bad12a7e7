import type { PlanCost } from '../plan/model.ts';
import type { StagingSettings } from '../settings.ts';
import { exercise } from './exercise.ts';

/** What of the page only an environment that is there can tell. */
export interface LiveFacts {
  readonly vercelProject: string;
  readonly supabaseProject: string;
  /** Address of the project's API. */
  readonly supabaseUrl: string;
  readonly upstashDatabase: string;
  /** Newest migration that is applied; null for an empty database. */
  readonly migrationHead: string | null;
  readonly cost: PlanCost;
}

/** What the page of the environment is made of: nothing secret, and nothing that changes from one release to the next. */
export interface PageFacts {
  readonly settings: StagingSettings;
  /** Address of the app on its domain. */
  readonly url: string;
  /** Undefined before the environment is there. */
  readonly live: LiveFacts | undefined;
  /** Addresses of those who can sign in, from the seed. */
  readonly accounts: readonly string[];
  /** Name of the environment file, e.g. `.env.staging`. */
  readonly environmentFile: string;
}

/** Where the page lies in the repository. */
export const pageFile = 'docs/STAGING.md';

/** Returns the page as Markdown: where everything is, how it is used, what to do when something is wrong. */
export function stagingPage(facts: PageFacts): string {
  const { settings } = facts;
  const parts = [
    `# Staging: ${plain(settings.name)}`,
    facts.live === undefined
      ? 'Written by `jv-staging init` before the environment is there; `jv-staging docs` completes it. Edit nothing here.'
      : 'Written by `jv-staging docs` from the environment as it is; `jv-staging docs --check` says whether it still is. Edit nothing here.',
    addresses(facts),
    accounts(facts),
    firstTime,
    usage(settings),
    checks(settings),
    troubleshooting(settings),
    rollback(settings),
    variables(settings),
    ...(facts.live === undefined ? [] : [cost(facts.live)]),
    atTheEnd(settings),
    '## Not managed\n\nEdge Functions, Storage buckets and the vendors’ accounts themselves (members, invoices) are left alone by this tool.',
    exercise(settings.name, '##'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function addresses(facts: PageFacts): string {
  const { settings, live } = facts;
  const toBeMade = `${settings.name}, made by provision`;
  return `## Addresses\n\n${table(
    ['What', 'Where'],
    [
      ['App', facts.url],
      ['Vercel project', live?.vercelProject ?? toBeMade],
      ['Supabase project', live === undefined ? toBeMade : `${live.supabaseProject}, API ${live.supabaseUrl}`],
      ['Upstash database', `${live?.upstashDatabase ?? toBeMade}, keys below ${settings.upstash.prefix}`],
      ...(live === undefined ? [] : [['Schema', live.migrationHead ?? 'empty']]),
      ['Branch', settings.branch],
      ['Production, never touched', settings.production.domains.join(', ')],
    ],
  )}`;
}

function accounts({ accounts: users, settings, environmentFile }: PageFacts): string {
  const kept = `in the team’s password store and as a secret of CI; on a machine that provisioned, in ${environmentFile}`;
  const vendor = (name: string, reference: { readonly name: string }) => [name, 'the team’s own account', `${reference.name}, ${kept}`];
  return `## Accounts\n\nNo password stands here: this says where each one is.\n\n${table(
    ['What', 'Account', 'Where the password is'],
    [
      ...users.map((user) => ['App', user, `STAGING_USER_PASSWORD, ${kept}`]),
      ['Database', 'postgres', `STAGING_SUPABASE_DB_PASSWORD, ${kept}`],
      vendor('Vercel', settings.vercel.token),
      vendor('Supabase', settings.supabase.accessToken),
      vendor('Upstash', settings.upstash.apiKey),
    ],
  )}\n\n\`jv-staging secrets list\` says of each secret where it lives and how old it is.`;
}

const firstTime = `## The first time

\`\`\`sh
jv-staging doctor                      # what is missing on this machine, and what mends it
jv-staging up --target local           # all of it on the local cloud: no account, no cost
jv-staging plan                        # what would be made at the vendors, and what it costs
jv-staging provision                   # makes it; running it again changes nothing
jv-staging secrets export --to github  # hands CI what it needs
\`\`\``;

function atTheEnd({ name }: StagingSettings): string {
  return `## At the end

\`\`\`sh
jv-staging destroy --dry-run  # names what would go
jv-staging destroy --confirm ${name}
\`\`\``;
}

function usage({ branch }: StagingSettings): string {
  return `## Use

A push to \`${branch}\` is put out by CI. By hand:

\`\`\`sh
jv-staging status
jv-staging deploy
jv-staging smoke
jv-staging perf
jv-staging load
jv-staging gate
jv-staging report
\`\`\``;
}

function checks({ smoke, perf, load }: StagingSettings): string {
  const { score, apiP95Ms } = perf.budgets;
  return `## What is checked

- \`smoke\`: ${smoke.checks.map(({ title }) => plain(title)).join('; ')}.
- \`perf\`: Lighthouse scores above ${score}, the API’s p95 below ${apiP95Ms} ms.
- \`load\`: the profile ${plain(load.profile)}, an error rate below ${Math.round(load.thresholds.errorRate * 1000) / 10} %.`;
}

function troubleshooting({ name, upstash }: StagingSettings): string {
  const queues = upstash.queues.length === 0 ? 'No queue is configured.' : `Queues: ${upstash.queues.map(plain).join(', ')}.`;
  return `## When something is wrong

| What is seen | What to do |
| --- | --- |
| what is live is unclear | \`jv-staging status\`, then \`jv-staging status --drift\` |
| a tool, a credential or a right is missing | \`jv-staging doctor\` |
| a setting was changed by hand | \`jv-staging plan\`, then \`jv-staging provision\` |
| the data is a mess | \`jv-staging seed --reset --confirm ${name}\` empties what the seed owns, and seeds it again; \`--yes\` alone never suffices |
| jobs pile up or fail | \`jv-staging status\` counts them in each queue; \`jv-staging smoke\` sends one through |
| an error in the app | \`jv-staging logs --since 1h --grep error\`: app, Postgres and Auth, merged by time |
| another run holds the lock (exit 7) | wait with \`--wait-lock 10m\`; the refusal names who, where and since when |
| a run was cut off | run the same command again: it goes on |

${queues} Their keys begin with \`${upstash.prefix}\`.`;
}

function rollback({ restorePoints }: StagingSettings): string {
  return `## The way back

\`\`\`sh
jv-staging rollback --dry-run
jv-staging rollback
\`\`\`

The first says what would become of the database, the second does it: the least that lets the old code run and loses no row. A deploy that is
red on the domain is taken back by itself. The newest ${restorePoints.keep} dumps are kept as restore points; \`jv-staging status --all\` lists them.
After a rollback the domain is pinned until the next deploy.`;
}

function variables({ env }: StagingSettings): string {
  const rows = Object.entries(env).map(([name, { class: kind, value }]) => {
    const from =
      typeof value === 'string' ? 'the configuration' : value.kind === 'env' ? `the secret ${value.name}` : `the resource (${value.fact})`;
    return [name, kind, from];
  });
  return `## Variables of the app\n\n${table(['Name', 'Class', 'Value from'], rows)}`;
}

function cost({ cost: { parts, unknown, productionUsdPerMonth } }: LiveFacts): string {
  const rows = [
    ...parts.map(({ what, usdPerMonth, source, readOn }) => [what, `$${usdPerMonth} a month`, `${source}, read ${readOn}`]),
    ...unknown.map(({ what, why }) => [what, 'unknown', why]),
  ];
  const production = productionUsdPerMonth === null ? 'Production’s is not stated.' : `Production’s is $${productionUsdPerMonth} a month.`;
  return `## Cost\n\n${table(['What', 'Price', 'By'], rows)}\n\n${production} \`jv-staging cost\` counts the commands of idle queues, too.`;
}

/** A table; what comes from elsewhere breaks no cell and formats nothing. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(plain)))].join('\n');
}

function plain(text: string): string {
  return text.replaceAll(/[\\|`*<>[\]]/g, (char) => `\\${char}`).replaceAll(/\s*\n\s*/g, ' ');
}
