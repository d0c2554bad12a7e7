import { type KnownPrice, upstashFreeCommands, upstashPayAsYouGo } from '../prices.ts';
import type { Finding, Verdict } from '../verdict.ts';

/** Calls of each command since the server's start, by name (`evalsha`, `client|setinfo`), as `INFO commandstats` counts them. */
export type CommandCalls = Readonly<Record<string, number>>;

/** How many commands come while nothing is to be done. */
export interface IdleRate {
  readonly windowMs: number;
  /** Commands that surely came from clients: scripts and blocking ones, which no script can run. */
  readonly atLeastPerMonth: number;
  /** All that the server counted, those within scripts too. */
  readonly atMostPerMonth: number;
}

/** A month of 30 days. */
const monthMs = 30 * 24 * 60 * 60_000;

/** What connecting and looking sends by itself; the look is ours. */
const own = /^(?:info|hello|auth|select|quit|command|client\|.+|client)$/;

/** Only clients send these: scripts cannot call scripts, and what blocks is refused in them (redis.io/docs, "Scripting with Lua", read 2026-11-23). */
const fromClients = /^(?:eval|evalsha|eval_ro|evalsha_ro|fcall|fcall_ro|b[lrz].+|xread|xreadgroup)$/;

/** Returns the rate between two looks, or undefined when the server began to count anew in between. */
export function idleRate(before: CommandCalls, after: CommandCalls, windowMs: number): IdleRate | undefined {
  const grown = Object.entries(after)
    .filter(([name]) => !own.test(name))
    .map(([name, calls]) => ({ name, calls: calls - (before[name] ?? 0) }));
  if (windowMs <= 0 || grown.some(({ calls }) => calls < 0)) return undefined;
  const perMonth = (counted: typeof grown) => Math.round((counted.reduce((sum, { calls }) => sum + calls, 0) / windowMs) * monthMs);
  return { windowMs, atLeastPerMonth: perMonth(grown.filter(({ name }) => fromClients.test(name))), atMostPerMonth: perMonth(grown) };
}

/** What was measured of a database's commands, or why nothing could be. */
export type MeasuredCommands = { readonly rate: IdleRate } | { readonly rate: null; readonly why: string };

/**
 * Returns what an Upstash database costs by its plan and its idle commands: from, and up to. Which commands within scripts count is not
 * published, so where that decides, the price is a range.
 */
export function commandPrice(
  plan: string | undefined,
  price: KnownPrice,
  measured: MeasuredCommands,
): { readonly price: KnownPrice; readonly upToUsdPerMonth: number | null } {
  if (plan !== 'payg') return { price, upToUsdPerMonth: price.usdPerMonth };
  if (measured.rate === null) return { price, upToUsdPerMonth: null };
  const { usdPerCommand, source, readOn } = upstashPayAsYouGo;
  const cents = (commands: number) => Math.round(commands * usdPerCommand * 100) / 100;
  const { atLeastPerMonth, atMostPerMonth } = measured.rate;
  return { price: { usdPerMonth: cents(atLeastPerMonth), source, readOn }, upToUsdPerMonth: cents(atMostPerMonth) };
}

/** Judges the idle commands against what the plan allows: the free one has a quota, pay as you go a price, the others neither. */
export function judgeCommands(plan: string | undefined, measured: MeasuredCommands): Finding {
  const about = { id: 'commands', title: 'Commands while idle' };
  const quota = upstashFreeCommands.commandsPerMonth;
  const expected =
    plan === 'free'
      ? `at most ${amount(quota)} a month (plan free)`
      : plan === 'payg'
        ? 'a measured rate'
        : `not charged by plan ${plan ?? 'of the account'}`;
  if (measured.rate === null) {
    const matters = plan === 'free' || plan === 'payg' || plan === undefined;
    return {
      ...about,
      verdict: matters ? 'inconclusive' : 'green',
      seen: `not measured: ${measured.why}`,
      expected,
      ...(matters ? { message: measured.why } : {}),
    };
  }
  const { atLeastPerMonth: least, atMostPerMonth: most, windowMs } = measured.rate;
  const verdict: Verdict = plan !== 'free' || most <= quota ? 'green' : least > quota ? 'red' : 'inconclusive';
  return {
    ...about,
    verdict,
    seen: `${amount(least)} to ${amount(most)} a month, by ${Math.round(windowMs / 1000)} s of looking`,
    expected,
    ...(verdict === 'green'
      ? {}
      : {
          message: 'Idle BullMQ workers poll; the larger figure counts what scripts run, too.',
          fix: 'Choose a plan with a fixed price (`upstash.plan`), or let the workers ask less often (`drainDelay`, `stalledInterval`).',
        }),
  };
}

function amount(commands: number): string {
  return commands.toLocaleString('en-US');
}
