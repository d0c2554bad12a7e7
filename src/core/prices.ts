/** A price as its vendor publishes it. */
export interface Price {
  readonly usdPerMonth: number;
  /** The page that it stands on. */
  readonly source: string;
  /** When it was read there, `YYYY-MM-DD`. */
  readonly readOn: string;
}

/** A price, or why there is none. A price without a source is not known, and is never guessed. */
export type KnownPrice = Price | { readonly usdPerMonth: null; readonly why: string };

/** "Pricing": compute is charged per project on paid plans, by the hour; the monthly figures are the page's own. */
const supabaseCompute = { source: 'https://supabase.com/docs/guides/platform/manage-your-usage/compute', readOn: '2026-11-22' };

const supabaseSizes: Readonly<Record<string, number>> = {
  nano: 0,
  micro: 10,
  small: 15,
  medium: 60,
  large: 110,
  xlarge: 210,
  '2xlarge': 410,
  '4xlarge': 960,
  '8xlarge': 1870,
  '12xlarge': 2800,
  '16xlarge': 3730,
};

/** The prices of https://upstash.com/pricing/redis as of 2026-09-20, word for word in the public transcription that is named. */
const upstashPricing = {
  source: 'https://github.com/api-evangelist/upstash/blob/main/plans/upstash-plans-pricing.yml (of https://upstash.com/pricing/redis)',
  readOn: '2026-11-22',
};

const upstashPlans: Readonly<Record<string, number>> = {
  free: 0,
  fixed_250mb: 10,
  fixed_1gb: 20,
  fixed_5gb: 100,
  fixed_10gb: 200,
  fixed_50gb: 400,
  fixed_100gb: 800,
  fixed_500gb: 1500,
};

/** What the free plan allows: "Monthly Commands 500K". */
export const upstashFreeCommands = { commandsPerMonth: 500_000, ...upstashPricing };

/** What pay as you go charges: "$0.2 per 100K commands". */
export const upstashPayAsYouGo = { usdPerCommand: 0.2 / 100_000, ...upstashPricing };

/** What a vendor really charges, from the team's own invoice. */
export interface StatedPrices {
  readonly vercel?: Price | undefined;
  readonly supabase?: Price | undefined;
  readonly upstash?: Price | undefined;
}

/** Returns what a Supabase project's compute costs; the organization's own fee is paid once, whatever its projects are. */
export function supabasePrice(size: string | undefined): KnownPrice {
  if (size === undefined) return { usdPerMonth: null, why: 'its compute size is the organization’s default: set supabase.size' };
  const usdPerMonth = supabaseSizes[size];
  return usdPerMonth === undefined
    ? { usdPerMonth: null, why: `no published price is known for size ${size}` }
    : { usdPerMonth, ...supabaseCompute };
}

/** Returns what an Upstash database costs in one region. */
export function upstashPrice(plan: string | undefined): KnownPrice {
  if (plan === undefined) return { usdPerMonth: null, why: 'its plan is the account’s default: set upstash.plan' };
  if (plan === 'payg') return { usdPerMonth: null, why: 'pay as you go is charged by use ($0.20 per 100,000 commands)' };
  const usdPerMonth = upstashPlans[plan];
  return usdPerMonth === undefined
    ? { usdPerMonth: null, why: `no published price is known for plan ${plan}` }
    : { usdPerMonth, ...upstashPricing };
}

/** Returns what one more Vercel project costs. */
export function vercelPrice(): KnownPrice {
  return { usdPerMonth: null, why: 'Vercel charges seats and use of the whole team, not projects' };
}

/** Staging must cost less than this share of production. */
export const maxShareOfProduction = 0.5;
