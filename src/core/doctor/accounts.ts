import { StagingError } from '../errors.ts';
import type { AccountFacts, ClockedAnswer, DomainDns } from '../ports/accounts.ts';
import { printable } from '../printable.ts';
import type { Finding } from '../verdict.ts';

/** A vendor that was asked: what it said, or why it said nothing. */
export interface AccountLook {
  readonly id: string;
  readonly title: string;
  readonly said: AccountFacts | StagingError;
}

/**
 * How far clocks may be apart: PostgREST refuses a token whose times are further off than 30 s (`allowedSkewSeconds = 30`, quoted in
 * github.com/orgs/supabase/discussions/51867, read 2026-11-27).
 */
const clockSkewMs = 30_000;

/** Plans of Vercel that a team's staging is too much for (the original plan's checklist: "Vercel Pro account"). */
const smallVercelPlans: ReadonlySet<string> = new Set(['hobby']);

/** Returns what a vendor's answer says of reachability, credentials, plan and clock. Unreachable and unknown are never green. */
export function accountFindings(look: AccountLook): readonly Finding[] {
  const { said } = look;
  if (said instanceof StagingError) return silentFindings(look, said);
  return [reached(look, said.answer), credentialsOf(look, said), planOf(look, said.plan), clockOf(look, said.answer)];
}

function finding(look: AccountLook, point: string, rest: Omit<Finding, 'id'>): Finding {
  return { id: `${look.id}-${point}`, ...rest };
}

function reached(look: AccountLook, { askedAtMs, answeredAtMs }: ClockedAnswer): Finding {
  const seen = `answered within ${answeredAtMs - askedAtMs} ms`;
  return finding(look, 'reachable', { title: `${look.title} answers`, verdict: 'green', seen, expected: 'an answer' });
}

function credentialsOf(look: AccountLook, { account, team, rights }: AccountFacts): Finding {
  const known = [account, ...(team === null ? [] : [`in ${team}`]), ...(rights === null ? [] : [rights])];
  const seen = known.map((each) => printable(each)).join(', ');
  return finding(look, 'account', { title: `${look.title} credentials`, verdict: 'green', seen, expected: 'taken' });
}

function planOf(look: AccountLook, plan: string | null): Finding {
  const title = `${look.title} plan`;
  const [expected, fix] = plans[look.id] ?? ['told', undefined];
  if (plan === null) return finding(look, 'plan', { title, verdict: 'skipped', seen: 'its API does not tell', expected });
  const verdict = look.id === 'vercel' && smallVercelPlans.has(plan) ? ('red' as const) : ('green' as const);
  return finding(look, 'plan', { title, verdict, seen: printable(plan), expected, fix: verdict === 'red' ? fix : undefined });
}

const plans: Readonly<Record<string, readonly [expected: string, fix: string | undefined]>> = {
  vercel: ['pro or enterprise', 'Upgrade the team at https://vercel.com/account/plans, or name another in VERCEL_ORG_ID.'],
  supabase: ['any; branches for `preview` and kept restore points go by the plan', undefined],
  upstash: ['any; the configuration says the database’s own', undefined],
};

function clockOf(look: AccountLook, { askedAtMs, answeredAtMs, vendorAtMs }: ClockedAnswer): Finding {
  const title = `Clock beside ${look.title}’s`;
  const expected = `at most ${clockSkewMs / 1000} s apart`;
  if (vendorAtMs === null)
    return finding(look, 'clock', { title, verdict: 'inconclusive', seen: 'unknown: the answer has no date', expected });
  // The header is cut to the second, and was written at some moment between asking and answering.
  const apartMs = Math.max(0, askedAtMs - (vendorAtMs + 999), vendorAtMs - answeredAtMs);
  const direction = vendorAtMs > answeredAtMs ? 'behind' : 'ahead';
  const seen = apartMs < 1000 ? 'less than 1 s apart' : `this machine is ${Math.round(apartMs / 1000)} s ${direction}`;
  const isOff = apartMs > clockSkewMs;
  const fix = isOff ? 'Run `sudo timedatectl set-ntp true`, or set this machine’s clock.' : undefined;
  return finding(look, 'clock', { title, verdict: isOff ? 'red' : 'green', seen, expected, fix });
}

function silentFindings(look: AccountLook, error: StagingError): readonly Finding[] {
  const { title } = look;
  const about = { message: error.message, fix: error.fix };
  const account = (verdict: Finding['verdict'], seen: string, rest: Partial<Finding> = about) =>
    finding(look, 'account', { title: `${title} credentials`, verdict, seen, expected: 'taken', ...rest });
  if (error.code === 'CREDENTIAL_MISSING') return [account('skipped', 'not asked: they are not complete', {})];
  if (error.code === 'CREDENTIAL_MALFORMED') return [account('red', 'not sent: they cannot be right')];
  if (error.code.endsWith('_UNREACHABLE')) {
    const answers = { title: `${title} answers`, verdict: 'red' as const, seen: 'not reached', expected: 'an answer', ...about };
    return [finding(look, 'reachable', answers), account('inconclusive', 'unknown: it was not reached', {})];
  }
  return [error.kind === 'missing' ? account('red', 'refused') : account('inconclusive', `unknown: ${error.code}`)];
}

/** Returns what the hosting platform says of the domain's DNS; `dns` is undefined when it could not be asked. */
export function dnsFinding(domain: string, dns: DomainDns | undefined): Finding {
  const about = { id: 'dns', title: `DNS of ${domain}`, expected: 'leads to Vercel' };
  if (dns === undefined || dns === 'not told')
    return { ...about, verdict: 'skipped', seen: dns === undefined ? 'not asked' : 'Vercel does not tell this account' };
  if (dns === 'configured') return { ...about, verdict: 'green', seen: 'as Vercel wants it' };
  const { type, name, value } = dns;
  const seen = 'leads elsewhere, or nowhere';
  return { ...about, verdict: 'red', seen, fix: `Add the record \`${name} ${type} ${value}\` where the domain’s DNS is kept.` };
}
