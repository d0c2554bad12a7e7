/**
 * Builds a path with every value percent-encoded: apiPath`/v9/projects/${name}`. A value can never leave its segment.
 * Throws for an empty value, `.` and `..`, which encoding does not disarm.
 */
export function apiPath(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return texts.reduce((path, text, index) => `${path}${segment(values[index - 1] ?? '')}${text}`);
}

function segment(value: string): string {
  if (value === '' || value === '.' || value === '..') throw new TypeError(`${JSON.stringify(value)} cannot be a segment of a path.`);
  return encodeURIComponent(value);
}
