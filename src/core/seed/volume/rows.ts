import type { CopyValue } from '../copy-text.ts';
import { type VolumeTableName, volumeId } from './ids.ts';
import { blockShape, proposalPlaces, quotePlaces, quotesBefore, type RequestShape } from './shape.ts';
import { type Story, storyOf, streams, type VolumeWorld } from './story.ts';

/** The columns of each table that the volume seed fills. */
export const volumeColumns: Readonly<Record<VolumeTableName, readonly string[]>> = {
  users: ['id', 'email', 'full_name', 'role', 'created_at'],
  clients: ['id', 'user_id', 'name', 'email', 'phone', 'preferences', 'is_returning', 'created_at'],
  flight_requests: [
    'id',
    'user_id',
    'client_id',
    'departure_airport',
    'arrival_airport',
    'passengers',
    'departure_date',
    'status',
    'created_at',
  ],
  quotes: ['id', 'request_id', 'operator_name', 'aircraft_type', 'aircraft_category', 'price_usd', 'valid_until', 'status', 'created_at'],
  proposals: ['id', 'request_id', 'quote_id', 'title', 'total_usd', 'status', 'sent_at', 'created_at'],
};

const dayMs = 86_400_000;
const roles = ['iso_agent', 'iso_agent', 'iso_agent', 'iso_agent', 'iso_agent', 'iso_agent', 'iso_agent', 'operator', 'operator', 'admin'];
const catering = ['none', 'light', 'full', 'vegan'];

type RowMaker = (index: number) => readonly CopyValue[];
type Calendar = ReturnType<typeof calendarFrom>;

/** Returns, for each table, how the row of an index is made. Each depends on its index alone. */
export function volumeRowMakers(world: VolumeWorld): Readonly<Record<VolumeTableName, RowMaker>> {
  const calendar = calendarFrom(world.todayMs);
  const story = storyOf(world);
  return { ...peopleMakers(world, story, calendar), ...flightMakers(world, story, calendar) };
}

function peopleMakers({ seed, vocabulary }: VolumeWorld, { dice, ownerOf }: Story, { moment }: Calendar) {
  const { unit, whole, pick } = dice;
  const nameOf = (salt: number, index: number) => ({
    first: pick(streams.firstName + salt, index, vocabulary.firstNames),
    last: pick(streams.lastName + salt, index, vocabulary.lastNames),
  });
  return {
    users: (index: number) => {
      const { first, last } = nameOf(100, index);
      const email = `${plain(first)}.${plain(last)}.${seed}-${index}@agents.staging.test`;
      return [
        volumeId('users', seed, index),
        email,
        `${first} ${last}`,
        pick(streams.role, index, roles),
        moment(-400 + (index % 30), index),
      ];
    },
    clients: (index: number) => {
      const { first, last } = nameOf(200, index);
      // As Postgres writes it: shorter keys first, a blank after each colon and comma.
      const preferences = `{"pets": ${unit(streams.preferences, index) > 0.9}, "catering": "${pick(streams.preferences, index, catering)}"}`;
      return [
        volumeId('clients', seed, index),
        volumeId('users', seed, ownerOf(index)),
        `${first} ${last}`,
        `${plain(first)}.${plain(last)}.${seed}-${index}@clients.staging.test`,
        unit(streams.phone, index) < 0.15 ? null : `+1-555-${String(whole(streams.phone, index, 1_000_000, 9_999_999))}`,
        preferences,
        unit(streams.returning, index) < 0.35,
        moment(-whole(streams.joined, index, 366, 900), index),
      ];
    },
  } satisfies Partial<Record<VolumeTableName, RowMaker>>;
}

function flightMakers(
  { seed, vocabulary }: VolumeWorld,
  { dice, ownerOf, clientOf, requestOf, quoteOf }: Story,
  { day, moment }: Calendar,
) {
  const { unit, whole, pick } = dice;
  return {
    flight_requests: (index: number) => {
      const { from, to, status, departure, created, passengers } = requestOf(index);
      const client = clientOf(index);
      return [
        volumeId('flight_requests', seed, index),
        volumeId('users', seed, ownerOf(client)),
        volumeId('clients', seed, client),
        from.icao,
        to.icao,
        passengers,
        day(departure),
        status,
        moment(created, index),
      ];
    },
    quotes: (index: number) => {
      const { request, asked, nth, kind, price, created } = quoteOf(index);
      const valid = Math.min(created + whole(streams.valid, index, 3, 14), Math.max(asked.departure, created + 1));
      return [
        volumeId('quotes', seed, index),
        volumeId('flight_requests', seed, request),
        pick(streams.operator, index, vocabulary.operators),
        pick(streams.type, index, kind.types),
        kind.category,
        price,
        day(valid),
        quoteStatus(asked.status, nth, valid),
        moment(created, index),
      ];
    },
    proposals: (index: number) => {
      const block = Math.floor(index / proposalPlaces.length);
      const { place, nth } = proposalPlaces[index % proposalPlaces.length] ?? { place: 0, nth: 0 };
      const wanted = blockShape[place]?.proposals[nth] ?? { quote: 0, status: 'DRAFT' };
      const quote = block * quotePlaces.length + (quotesBefore[place] ?? 0) + wanted.quote;
      const { request, asked, kind, price, created } = quoteOf(quote);
      const margin = 1.05 + 0.1 * unit(streams.margin, index);
      return [
        volumeId('proposals', seed, index),
        volumeId('flight_requests', seed, request),
        volumeId('quotes', seed, quote),
        `${asked.from.city} to ${asked.to.city}, ${kind.category.replaceAll('_', ' ')} jet`,
        (Math.round(price * margin * 100) / 100).toFixed(2),
        wanted.status,
        wanted.status === 'DRAFT' ? null : moment(created, index),
        moment(created, index),
      ];
    },
  } satisfies Partial<Record<VolumeTableName, RowMaker>>;
}

/** Texts of days and moments, each made once: a volume seed has millions of them and some two thousand days. */
function calendarFrom(todayMs: number) {
  const days = new Map<number, string>();
  const minutes = Array.from({ length: 1440 }, (_, minute) => new Date(minute * 60_000).toISOString().slice(11, 16));
  const day = (offset: number): string => {
    const known = days.get(offset);
    if (known !== undefined) return known;
    const text = new Date(todayMs + offset * dayMs).toISOString().slice(0, 10);
    days.set(offset, text);
    return text;
  };
  /** Some minute of the day before, as Postgres writes it: so it lies in the past also on the day itself. */
  const moment = (offset: number, index: number) => `${day(offset - 1)} ${minutes[(index * 7) % 1440] ?? '00:00'}:00+00`;
  return { day, moment };
}

/** A quote ends with its request, or with its own last day. */
function quoteStatus(request: RequestShape['status'], nth: number, validDays: number): string {
  if (request === 'BOOKED' || request === 'COMPLETED') return nth === 0 ? 'ACCEPTED' : 'DECLINED';
  return request === 'CANCELLED' || validDays < 0 ? 'EXPIRED' : 'RECEIVED';
}

/** Returns a name as it stands in an address: lower-case letters and digits. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
