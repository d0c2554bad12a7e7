/** Returns an object as it stands in a script: one line where it is short, one field a line where it is not. */
export function objectText(value: unknown, indent = ''): string {
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (typeof value !== 'object' || value === null) return text(value);
  const fields = Object.entries(value).map(([name, item]) =>
    Array.isArray(value)
      ? objectText(item, `${indent}  `)
      : `${/^[a-z]\w*$/i.test(name) ? name : text(name)}: ${objectText(item, `${indent}  `)}`,
  );
  const short = Array.isArray(value) ? `[${fields.join(', ')}]` : `{ ${fields.join(', ')} }`;
  if (short.length < 90 && !short.includes('\n')) return short;
  return `${open}\n${fields.map((field) => `${indent}  ${field},`).join('\n')}\n${indent}${close}`;
}

/** Returns a value as it stands in a script: JSON, with single quotes around plain words. */
export function text(value: unknown): string {
  const json = JSON.stringify(value);
  return typeof value === 'string' && /^[\w ./:@+(){}<>-]*$/.test(value) ? `'${value}'` : json;
}
