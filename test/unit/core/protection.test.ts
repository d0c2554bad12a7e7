import { expect, it } from 'vitest';
import type { TableProtection } from '../../../src/core/ports/database.ts';
import { protectionFaults, type TableWaiver, withoutWaived } from '../../../src/core/release/protection.ts';

const table = (name: string, rowSecurity: boolean, policies: number): TableProtection => ({
  schema: 'public',
  table: name,
  rowSecurity,
  policies,
});

const tables = [table('open', false, 2), table('closed', true, 0), table('fine', true, 1), table('lookup', false, 0)];

const waiver = (name: string, without: TableWaiver['without']): TableWaiver => ({ table: `public.${name}`, without, reason: 'meant' });

it('names each table once, with the worse of what it lacks', () => {
  expect(protectionFaults(tables, [])).toEqual({
    withoutRowSecurity: ['public.open', 'public.lookup'],
    withoutPolicy: ['public.closed'],
    unusedWaivers: [],
  });
});

it('covers by name and by what is lacking; what covers nothing is unused', () => {
  const [used, other, gone] = [waiver('lookup', 'row-security'), waiver('closed', 'row-security'), waiver('gone', 'policy')];

  expect(protectionFaults(tables, [used, other, gone])).toEqual({
    withoutRowSecurity: ['public.open'],
    withoutPolicy: ['public.closed'],
    unusedWaivers: [other, gone],
  });
});

it('leaves to smoke what no waiver lets be open', () => {
  const judged = withoutWaived(tables, [waiver('lookup', 'row-security'), waiver('open', 'policy')]);

  expect(judged.map((each) => each.table)).toEqual(['open', 'closed', 'fine']);
});
