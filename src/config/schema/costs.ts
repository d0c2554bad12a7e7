import { z } from 'zod';
import { text } from './parts.ts';

/** A price without its source and its day is none. */
const price = z.strictObject({ usdPerMonth: z.number().min(0), source: text, readOn: z.iso.date() });

/** What vendors really charge, where no published price says it. */
export const costs = z.strictObject({ vercel: price.optional(), supabase: price.optional(), upstash: price.optional() }).optional();
