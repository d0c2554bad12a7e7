import type { Answers } from './answers.ts';

/** Returns the text of the runbook: what people do with this environment, in commands that can be pasted. */
export function runbookText({ name, domain, branch, productionDomain }: Answers): string {
  return `# Staging runbook

Staging is ${domain}, made from the branch \`${branch}\` as \`staging.config.ts\` says. Production is ${productionDomain} and is never touched.

## Once

\`\`\`sh
jv-staging doctor                     # what is missing on this machine, and what mends it
jv-staging up --target local          # all of it on the local cloud: no account, no cost
jv-staging plan                       # what would be made at the vendors, and what it costs
jv-staging provision                  # makes it; running it again changes nothing
jv-staging secrets list               # where each secret lives (no value is shown)
jv-staging secrets export --to github # hands CI what it needs
\`\`\`

Credentials of the vendors stand in \`.env.staging\` (never in git) or in the environment.

## Each release

\`\`\`sh
jv-staging deploy                     # build, migrate, check, move the domain; taken back by itself when it is red
jv-staging smoke && jv-staging perf && jv-staging load
jv-staging gate                       # every acceptance criterion of this commit: passed, failed, unknown
\`\`\`

## When something is wrong

| What is seen | What to do |
| --- | --- |
| what is live, is unclear | \`jv-staging status\` |
| a setting was changed by hand | \`jv-staging status --drift\`, then \`jv-staging provision\` |
| the release is bad | \`jv-staging rollback --dry-run\` shows the way back, \`jv-staging rollback\` goes it |
| the data is a mess | \`jv-staging seed --reset --confirm ${name}\` |
| another run holds the lock (exit 7) | wait with \`--wait-lock 10m\`; the refusal names who holds it |
| a run was cut off | run the same command again |

## At the end

\`\`\`sh
jv-staging destroy --dry-run          # names what would go
jv-staging destroy --confirm ${name}
\`\`\`
`;
}
