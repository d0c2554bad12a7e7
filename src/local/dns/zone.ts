import type { Answer, RecordType } from 'dns-packet';
import { openCollection } from '../store.ts';

/** The types of records that the zone holds. */
export const recordTypes = ['A', 'AAAA', 'CNAME', 'TXT'] as const;

/** A type of record that the zone holds. */
export type ZoneType = (typeof recordTypes)[number];

/** A record that somebody set. Names are lower case, without the final dot. */
export interface ZoneRecord {
  readonly name: string;
  readonly type: ZoneType;
  readonly value: string;
}

/** What a question finds: records, none of that type, or no such name. */
export interface ZoneAnswer {
  readonly code: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly Answer[];
}

/** The names that the local cloud answers for. */
export interface Zone {
  answer(name: string, type: RecordType): ZoneAnswer;
  records(): readonly ZoneRecord[];
  /** Replaces the records of this name and type; with no values they are gone. */
  set(name: string, type: ZoneType, values: readonly string[]): Promise<void>;
}

/** How long an answer may be kept, in seconds: changes should be seen at once. */
const ttlS = 1;

/** Where the vendor wants domains to point (`GET /v6/domains/{domain}/config`: recommendedCNAME and recommendedIPv4). */
const vercel = { cname: 'cname.vercel-dns.com', address: '76.76.21.21' } as const;

/** Opens the zone. Domains of projects point to the vendor by themselves, until records are set for them. */
export async function openZone(stateDir: string, domains: () => readonly string[]): Promise<Zone> {
  const stored = await openCollection<readonly ZoneRecord[]>(stateDir, 'records');
  const recordsOf = (name: string): readonly ZoneRecord[] => {
    const own = stored
      .all()
      .flat()
      .filter((record) => record.name === name);
    return own.some(({ type }) => type !== 'TXT') ? own : [...own, ...builtIn(name, domains())];
  };
  return {
    answer: (name, type) => find(recordsOf, plain(name), type),
    records: () => stored.all().flat(),
    set: async (name, type, values) => {
      const id = `${plain(name)} ${type}`;
      if (values.length === 0) await stored.delete(id);
      else
        await stored.put(
          id,
          values.map((value) => ({ name: plain(name), type, value: type === 'CNAME' ? plain(value) : value })),
        );
    },
  };
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function builtIn(name: string, domains: readonly string[]): readonly ZoneRecord[] {
  if (name === vercel.cname) return [{ name, type: 'A', value: vercel.address }];
  if (!domains.includes(name)) return [];
  // A domain's apex cannot be a CNAME.
  const isApex = name.split('.').length === 2;
  return [isApex ? { name, type: 'A', value: vercel.address } : { name, type: 'CNAME', value: vercel.cname }];
}

function find(recordsOf: (name: string) => readonly ZoneRecord[], name: string, type: RecordType, depth = 0): ZoneAnswer {
  const records = recordsOf(name);
  const alias = records.find((record) => record.type === 'CNAME');
  const wanted = records.filter((record) => record.type === type);
  if (wanted.length > 0 || alias === undefined || depth > 8) {
    return { code: records.length === 0 ? 'NXDOMAIN' : 'NOERROR', answers: wanted.map(asAnswer) };
  }
  return { code: 'NOERROR', answers: [asAnswer(alias), ...find(recordsOf, alias.value, type, depth + 1).answers] };
}

function asAnswer({ name, type, value }: ZoneRecord): Answer {
  // A text longer than 255 bytes is several strings.
  if (type === 'TXT') return { name, type, ttl: ttlS, data: value.match(/[^]{1,255}/g) ?? [''] };
  return { name, type, ttl: ttlS, data: value };
}
