/** Width of the bar in characters. */
const barWidth = 16;

/**
 * Returns one line on how far a long write is: a bar, rows, rows a second, and the time left at that pace. `elapsedMs` is from the first row on.
 */
export function progressText(done: number, total: number, elapsedMs: number): string {
  const filled = total === 0 ? barWidth : Math.min(barWidth, Math.floor((done / total) * barWidth));
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
  const rows = `${bar} ${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} rows`;
  if (elapsedMs < 1000 || done === 0) return rows;
  const perSecond = Math.round((done / elapsedMs) * 1000);
  return `${rows}, ${perSecond.toLocaleString('en-US')} rows/s, ${timeText(((total - done) / perSecond) * 1000)} left`;
}

function timeText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
