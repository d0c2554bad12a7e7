/** What a flight request of the volume seed has come to, and what hangs on it. */
export interface RequestShape {
  readonly status: 'CREATED' | 'AWAITING_QUOTES' | 'ANALYZING_PROPOSALS' | 'BOOKED' | 'COMPLETED' | 'CANCELLED';
  /** How many quotes it has; the first is the one that was accepted, if one was. */
  readonly quotes: number;
  /** Its proposals: which of its quotes each is about, and what became of it. */
  readonly proposals: readonly { readonly quote: number; readonly status: 'DRAFT' | 'SENT' | 'ACCEPTED' | 'DECLINED' }[];
}

const accepted = { quote: 0, status: 'ACCEPTED' } as const;
const declined = { quote: 1, status: 'DECLINED' } as const;

/**
 * Requests come in blocks of these sixteen, in another order in each block: most are flown, a few are open, and quotes and proposals
 * hang on them unevenly, as in a real book. So the number of rows is exact, and each row can be made by itself.
 */
export const blockShape: readonly RequestShape[] = [
  { status: 'CREATED', quotes: 0, proposals: [] },
  { status: 'AWAITING_QUOTES', quotes: 0, proposals: [] },
  { status: 'AWAITING_QUOTES', quotes: 1, proposals: [] },
  { status: 'ANALYZING_PROPOSALS', quotes: 2, proposals: [{ quote: 0, status: 'DRAFT' }] },
  { status: 'ANALYZING_PROPOSALS', quotes: 3, proposals: [{ quote: 0, status: 'SENT' }] },
  { status: 'BOOKED', quotes: 1, proposals: [accepted] },
  { status: 'BOOKED', quotes: 3, proposals: [accepted] },
  { status: 'COMPLETED', quotes: 1, proposals: [accepted] },
  { status: 'COMPLETED', quotes: 1, proposals: [accepted] },
  { status: 'COMPLETED', quotes: 2, proposals: [accepted] },
  { status: 'COMPLETED', quotes: 2, proposals: [declined, accepted] },
  { status: 'COMPLETED', quotes: 3, proposals: [accepted] },
  { status: 'COMPLETED', quotes: 3, proposals: [accepted] },
  { status: 'COMPLETED', quotes: 4, proposals: [declined, accepted] },
  { status: 'CANCELLED', quotes: 0, proposals: [] },
  { status: 'CANCELLED', quotes: 1, proposals: [] },
];

/** Where each quote and proposal of a block hangs: the place in `blockShape`, and the how-manieth there. */
export const quotePlaces = blockShape.flatMap(({ quotes }, place) => Array.from({ length: quotes }, (_, nth) => ({ place, nth })));

/** See `quotePlaces`. */
export const proposalPlaces = blockShape.flatMap(({ proposals }, place) => proposals.map((_, nth) => ({ place, nth })));

/** How many quotes of a block come before those of each place. */
export const quotesBefore = blockShape.map((_, place) => blockShape.slice(0, place).reduce((sum, { quotes }) => sum + quotes, 0));

/** How many rows of each table a volume seed has. */
export interface VolumeSizes {
  readonly users: number;
  readonly clients: number;
  readonly flight_requests: number;
  readonly quotes: number;
  readonly proposals: number;
}

/** Fewest rows in which every table has some. */
export const minVolumeRows = 100;

/** Most rows: far beyond what a staging database of this app holds. */
export const maxVolumeRows = 10_000_000;

/** Rows to one agent: a travel agent with some sixty clients and their flights. */
const rowsPerUser = 500;

/** Clients beside one block of requests. */
const clientsPerBlock = 7;

/** Returns how many rows each table has when there are `rows` in all; the sum is exact. `rows` is at least `minVolumeRows`. */
export function volumeSizes(rows: number): VolumeSizes {
  const perBlock = blockShape.length + quotePlaces.length + proposalPlaces.length;
  const users = Math.max(1, Math.round(rows / rowsPerUser));
  const blocks = Math.floor((rows - users) / (perBlock + clientsPerBlock));
  const [requests, quotes, proposals] = [blockShape.length, quotePlaces.length, proposalPlaces.length].map((each) => each * blocks);
  const [flightRequests = 0, quoteRows = 0, proposalRows = 0] = [requests, quotes, proposals];
  return {
    users,
    clients: rows - users - flightRequests - quoteRows - proposalRows,
    flight_requests: flightRequests,
    quotes: quoteRows,
    proposals: proposalRows,
  };
}
