/** What must not get into git: secrets, state, builds. */
const wanted = ['.env.staging', '.env.staging.local', '.jv-staging/', '.vercel/'] as const;

/** Patterns that cover a wanted line beside the line itself, as git reads them. */
const covering: Readonly<Record<(typeof wanted)[number], readonly string[]>> = {
  '.env.staging': ['.env*', '.env.*'],
  '.env.staging.local': ['.env*', '.env.*', '.env*.local', '.env.staging*', '*.local'],
  '.jv-staging/': [],
  '.vercel/': [],
};

/** Returns the text of `.gitignore` with the lines that it lacks at its end. A later line that takes a pattern back (`!`) counts. */
export function withIgnoredLines(existing: string | undefined): string {
  const before = existing ?? '';
  const lines = before.split('\n').map(plain);
  const missing = wanted.filter((line) => {
    const patterns = [line, ...covering[line]].map(plain);
    return lines.findLastIndex((found) => patterns.includes(found)) <= lines.findLastIndex((found) => found === `!${plain(line)}`);
  });
  if (missing.length === 0) return before;
  const separator = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${before}${separator}${before === '' ? '' : '\n'}# jv-staging: secrets, state, builds\n${missing.join('\n')}\n`;
}

/** A leading slash and a trailing one do not change what a line of the root folder covers here. */
function plain(line: string): string {
  return line.trim().replace(/^\//, '').replace(/\/$/, '');
}
