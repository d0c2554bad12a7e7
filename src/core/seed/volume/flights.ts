/** An airport that business jets use: ICAO code, degrees north and east. */
export interface Airport {
  readonly icao: string;
  readonly city: string;
  readonly north: number;
  readonly east: number;
}

/** Airports of the seed, busiest first; positions are rounded to a tenth of a degree, good enough for prices that look right. */
export const airports: readonly Airport[] = [
  { icao: 'KTEB', city: 'New York', north: 40.9, east: -74.1 },
  { icao: 'KVNY', city: 'Los Angeles', north: 34.2, east: -118.5 },
  { icao: 'KPBI', city: 'Palm Beach', north: 26.7, east: -80.1 },
  { icao: 'KLAS', city: 'Las Vegas', north: 36.1, east: -115.2 },
  { icao: 'KHPN', city: 'White Plains', north: 41.1, east: -73.7 },
  { icao: 'KDAL', city: 'Dallas', north: 32.8, east: -96.9 },
  { icao: 'KOPF', city: 'Miami', north: 25.9, east: -80.3 },
  { icao: 'KMDW', city: 'Chicago', north: 41.8, east: -87.8 },
  { icao: 'KBED', city: 'Boston', north: 42.5, east: -71.3 },
  { icao: 'KASE', city: 'Aspen', north: 39.2, east: -106.9 },
  { icao: 'KSJC', city: 'San Jose', north: 37.4, east: -121.9 },
  { icao: 'KIAD', city: 'Washington', north: 38.9, east: -77.5 },
  { icao: 'KPDK', city: 'Atlanta', north: 33.9, east: -84.3 },
  { icao: 'KSDL', city: 'Scottsdale', north: 33.6, east: -111.9 },
  { icao: 'EGGW', city: 'London', north: 51.9, east: -0.4 },
  { icao: 'LFPB', city: 'Paris', north: 49, east: 2.4 },
  { icao: 'LSGG', city: 'Geneva', north: 46.2, east: 6.1 },
  { icao: 'LFMN', city: 'Nice', north: 43.7, east: 7.2 },
];

/** A class of aircraft with what it costs to fly it. All figures are the seed's own, in round numbers. */
export interface AircraftClass {
  readonly category: 'light' | 'midsize' | 'super_midsize' | 'heavy' | 'ultra_long_range';
  readonly types: readonly string[];
  readonly seats: number;
  readonly rangeNm: number;
  readonly usdPerHour: number;
}

/** Smallest first. */
export const aircraft: readonly AircraftClass[] = [
  { category: 'light', types: ['Citation CJ3+', 'Phenom 300E', 'Learjet 75'], seats: 7, rangeNm: 1600, usdPerHour: 3800 },
  { category: 'midsize', types: ['Citation Latitude', 'Hawker 900XP', 'Learjet 60'], seats: 8, rangeNm: 2300, usdPerHour: 4900 },
  { category: 'super_midsize', types: ['Challenger 350', 'Citation Longitude', 'Praetor 600'], seats: 10, rangeNm: 3200, usdPerHour: 6300 },
  { category: 'heavy', types: ['Challenger 650', 'Falcon 2000LXS', 'Gulfstream G450'], seats: 14, rangeNm: 4100, usdPerHour: 8600 },
  { category: 'ultra_long_range', types: ['Global 7500', 'Gulfstream G650', 'Falcon 8X'], seats: 16, rangeNm: 7500, usdPerHour: 12_500 },
];

const cruiseKnots = 440;

/** Returns the hours that a flight takes from gate to gate. */
export function flightHours(from: Airport, to: Airport): number {
  return 0.5 + distanceNm(from, to) / cruiseKnots;
}

/** Returns the index of the smallest class that carries these passengers this far. */
export function smallestClass(passengers: number, from: Airport, to: Airport): number {
  const distance = distanceNm(from, to);
  const found = aircraft.findIndex((one) => one.seats >= passengers && one.rangeNm >= distance);
  return found === -1 ? aircraft.length - 1 : found;
}

/** Great circle, in nautical miles: sixty to a degree. */
function distanceNm(from: Airport, to: Airport): number {
  const radians = Math.PI / 180;
  const [south, north] = [from.north * radians, to.north * radians];
  const cosine = Math.sin(south) * Math.sin(north) + Math.cos(south) * Math.cos(north) * Math.cos((from.east - to.east) * radians);
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) / radians) * 60;
}
