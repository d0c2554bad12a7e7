/** Turns `2026-11-22 20:00:00.5+00` into what the API's clients expect: `2026-11-22T20:00:00.5+00:00`. */
export function isoTime(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00');
}
