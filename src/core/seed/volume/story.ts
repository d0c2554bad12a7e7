import { type Dice, diceOf } from './dice.ts';
import { aircraft, type AircraftClass, type Airport, airports, flightHours, smallestClass } from './flights.ts';
import { blockShape, quotePlaces, type RequestShape, type VolumeSizes } from './shape.ts';

/** Words that the seed's people and companies are named with. */
export interface Vocabulary {
  readonly firstNames: readonly string[];
  readonly lastNames: readonly string[];
  readonly operators: readonly string[];
}

/** What a volume seed is made of. */
export interface VolumeWorld {
  readonly sizes: VolumeSizes;
  /** From 0 to 65,535. */
  readonly seed: number;
  /** The day that dates are relative to: milliseconds since 1970 UTC. */
  readonly todayMs: number;
  readonly vocabulary: Vocabulary;
}

/** What is drawn for a row, one question each; those of a factor take two. */
export const streams = {
  firstName: 1,
  lastName: 2,
  role: 3,
  joined: 4,
  owner: 5,
  phone: 6,
  preferences: 7,
  returning: 8,
  client: 9,
  from: 10,
  to: 11,
  passengers: 12,
  departure: 13,
  lead: 14,
  order: 15,
  operator: 16,
  upgrade: 17,
  price: 18,
  type: 20,
  valid: 21,
  answered: 22,
  margin: 23,
  sent: 24,
} as const;

const passengerWeights = [1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8, 9, 11, 13];

/** Days from today on which a flight of each status departs, both ends included. */
const departures: Readonly<Record<RequestShape['status'], readonly [number, number]>> = {
  CREATED: [3, 90],
  AWAITING_QUOTES: [3, 90],
  ANALYZING_PROPOSALS: [2, 60],
  BOOKED: [1, 60],
  COMPLETED: [-365, -1],
  CANCELLED: [-180, 30],
};

/** A flight request as it came about; days are counted from today. */
export interface RequestStory {
  readonly from: Airport;
  readonly to: Airport;
  readonly status: RequestShape['status'];
  readonly departure: number;
  readonly created: number;
  readonly passengers: number;
}

/** A quote as it came about. */
export interface QuoteStory {
  /** Index of its request. */
  readonly request: number;
  readonly asked: RequestStory;
  /** The how-manieth quote of its request, from 0. */
  readonly nth: number;
  readonly kind: AircraftClass;
  readonly price: number;
  readonly created: number;
}

/** What the rows of a volume seed tell; each answer depends on the index alone. */
export interface Story {
  readonly dice: Dice;
  /** Index of the user who looks after a client. */
  ownerOf(client: number): number;
  /** Index of the client who asks for a flight. */
  clientOf(request: number): number;
  requestOf(index: number): RequestStory;
  quoteOf(index: number): QuoteStory;
}

/** Returns what the rows of a world tell. */
export function storyOf({ sizes, seed }: VolumeWorld): Story {
  const dice = diceOf(seed);
  const { unit, whole, pick, factor } = dice;
  /** A few have much, most have little: the square of an even draw. */
  const skewed = (stream: number, index: number, among: number) => Math.floor(unit(stream, index) ** 2 * among);
  const turnOf = (block: number) => whole(streams.order, block, 0, blockShape.length - 1);
  const requestOf = (index: number) => {
    const block = Math.floor(index / blockShape.length);
    const shape = blockShape[placeOf(index % blockShape.length, turnOf(block))] ?? blockShape[0];
    const start = skewed(streams.from, index, airports.length);
    const from = airportAt(start);
    const other = skewed(streams.to, index, airports.length);
    const to = airportAt(other === start ? (start + 1) % airports.length : other);
    const status = shape?.status ?? 'CREATED';
    const departure = whole(streams.departure, index, ...departures[status]);
    const created = Math.min(departure, 0) - whole(streams.lead, index, 1, 30);
    return { from, to, status, departure, created, passengers: pick(streams.passengers, index, passengerWeights) };
  };
  const quoteOf = (index: number) => {
    const block = Math.floor(index / quotePlaces.length);
    const { place, nth } = quotePlaces[index % quotePlaces.length] ?? { place: 0, nth: 0 };
    const request = block * blockShape.length + positionOf(place, turnOf(block));
    const asked = requestOf(request);
    const wanted = smallestClass(asked.passengers, asked.from, asked.to) + (unit(streams.upgrade, index) < 0.25 ? 1 : 0);
    const kind = aircraft[Math.min(wanted, aircraft.length - 1)];
    if (kind === undefined) throw new RangeError('There is no class of aircraft.');
    const price = Math.round(flightHours(asked.from, asked.to) * kind.usdPerHour * factor(streams.price, index, 0.12)) + 0.99;
    return { request, asked, nth, kind, price, created: asked.created + (nth % 2) };
  };
  return {
    dice,
    ownerOf: (client) => skewed(streams.owner, client, sizes.users),
    clientOf: (request) => skewed(streams.client, request, sizes.clients),
    requestOf,
    quoteOf,
  };
}

function airportAt(index: number): Airport {
  const airport = airports[index];
  if (airport === undefined) throw new RangeError(`There is no airport ${index}.`);
  return airport;
}

// Five and thirteen undo one another modulo sixteen, the length of a block.
const placeOf = (position: number, turn: number): number => (position * 5 + turn) % blockShape.length;
const positionOf = (place: number, turn: number): number => ((place - turn + blockShape.length) * 13) % blockShape.length;
