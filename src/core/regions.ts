/**
 * Vercel's regions with the AWS region that each runs in (https://vercel.com/docs/regions of 2026-08-11 for the list; the pairs as
 * https://socket.dev/npm/package/cloud-regions-country-flags lists them; read 2026-11-22).
 */
const vercelRegions: Readonly<Record<string, string>> = {
  arn1: 'eu-north-1',
  bom1: 'ap-south-1',
  cdg1: 'eu-west-3',
  cle1: 'us-east-2',
  cpt1: 'af-south-1',
  dub1: 'eu-west-1',
  fra1: 'eu-central-1',
  gru1: 'sa-east-1',
  hkg1: 'ap-east-1',
  hnd1: 'ap-northeast-1',
  iad1: 'us-east-1',
  icn1: 'ap-northeast-2',
  kix1: 'ap-northeast-3',
  lhr1: 'eu-west-2',
  pdx1: 'us-west-2',
  sfo1: 'us-west-1',
  sin1: 'ap-southeast-1',
  syd1: 'ap-southeast-2',
  yul1: 'ca-central-1',
};

/** Codes of Vercel's regions. */
export const vercelRegionCodes = Object.keys(vercelRegions);

/** Supabase's regions (its OpenAPI file of 2026-06-01, and those that its dashboard offers beside them). */
export const supabaseRegions = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ap-east-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
] as const;

/** Upstash's regions (its OpenAPI file of 2026-08-21). */
export const upstashRegions = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'sa-east-1',
  'ap-south-1',
  'ap-northeast-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'af-south-1',
  'us-central1',
  'us-east4',
  'europe-west1',
  'asia-northeast1',
] as const;

/** Where a region lies: its continent and, in North America, its coast; far enough apart to be felt in every query. */
export function placeOf(region: string): string {
  const code = vercelRegions[region] ?? region;
  const google: Readonly<Record<string, string>> = {
    'us-central1': 'us-east',
    'us-east4': 'us-east',
    'europe-west1': 'eu',
    'asia-northeast1': 'ap-northeast',
  };
  const known = google[code];
  if (known !== undefined) return known;
  const [continent = '', direction = ''] = code.split('-');
  if (continent === 'ca') return 'us-east';
  return continent === 'us' || continent === 'ap' ? `${continent}-${direction}` : continent;
}

/** Returns the regions of Supabase and Upstash that lie nearest to one of Vercel's: the same data centre, else the same place; undefined where there is none. */
export function regionsNear(vercelRegion: string): { readonly supabase: string | undefined; readonly upstash: string | undefined } {
  const nearest = (regions: readonly string[]) =>
    regions.find((region) => region === vercelRegions[vercelRegion]) ?? regions.find((region) => placeOf(region) === placeOf(vercelRegion));
  return { supabase: nearest(supabaseRegions), upstash: nearest(upstashRegions) };
}
