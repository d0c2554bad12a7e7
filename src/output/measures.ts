/** Returns a duration for people: `340 ms`, `1.2 s`, `45 s`, `2 m 05 s`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 999.5) return `${ms > 0 && ms < 10 ? trimmed(ms, 1) : Math.round(ms)} ms`;
  if (ms < 9950) return `${trimmed(ms / 1000, 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Returns an age for people, rounded down: `40 s`, `12 m`, `5 h`, `3 days`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** Returns a share of 0 to 1 for people: `0 %`, `0.25 %`, `12.5 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${trimmed(percent, percent < 1 ? 2 : 1)} %`;
}

/** Returns a size for people, in powers of 1024: `512 MiB`, `7.6 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${trimmed(bytes / 1024 ** power, 1)} ${units[power] ?? 'B'}`;
}

/** Returns a number with at most this many decimals and no trailing zeros. */
export function trimmed(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}

/** Returns a moment (ISO 8601 UTC) for people: `2026-11-22 20:51 UTC`; a text that is none stays. */
export function formatMoment(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso;
}
