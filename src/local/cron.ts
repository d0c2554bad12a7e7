/** Says whether a cron expression (five fields, UTC: minute, hour, day, month, weekday) names this minute. Throws on a malformed one. */
export function isDue(schedule: string, at: Date): boolean {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) throw new Error(`The schedule "${schedule}" has ${fields.length} fields, not 5.`);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  // All are looked at before any decides, so that a malformed field is never overlooked.
  const fits = [
    matches(minute, at.getUTCMinutes(), 0, 59),
    matches(hour, at.getUTCHours(), 0, 23),
    matches(day, at.getUTCDate(), 1, 31),
    matches(month, at.getUTCMonth() + 1, 1, 12),
    matches(weekday, at.getUTCDay(), 0, 7) || (at.getUTCDay() === 0 && matches(weekday, 7, 0, 7)),
  ];
  return fits.every(Boolean);
}

function matches(field: string, value: number, min: number, max: number): boolean {
  return field.split(',').some((part) => {
    const parsed = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (!parsed) throw new Error(`The schedule field "${field}" is not understood.`);
    const [, from, to, step] = parsed;
    const low = from === undefined ? min : Number(from);
    const high = to === undefined ? (from === undefined || step !== undefined ? max : low) : Number(to);
    return value >= low && value <= high && (value - low) % Number(step ?? 1) === 0;
  });
}
