import type { MigrationDirectives } from '../../../core/migrate/effects.ts';
import { type SqlStatement, sqlParser } from './statements.ts';

/** Returns what the comments of a file tell this tool: those between its statements, as Postgres's own scanner finds them. */
export async function readDirectives(statements: readonly SqlStatement[]): Promise<MigrationDirectives> {
  const comments: string[] = [];
  const [first] = statements;
  for (const { text, offset, startOffset, node } of statements) {
    const lead = node === 'comment' ? text : text.slice(0, startOffset - offset);
    if (lead.includes('jv:')) comments.push(...(await lineComments(lead)));
  }
  const said = (name: string) =>
    comments.flatMap((comment) => {
      const [word, ...rest] = comment.split(/\s+/);
      return word === `jv:${name}` ? [rest.join(' ')] : [];
    });
  const head = first === undefined ? '' : (first.text.split('\n', 1)[0] ?? '');
  return {
    noTransaction: said('no-transaction').length > 0 && head.replace(/^--\s*/, '').trimEnd() === 'jv:no-transaction',
    allowDestructive: said('allow-destructive').find((reason) => reason !== ''),
  };
}

/** Returns what line comments say, without their dashes. */
async function lineComments(text: string): Promise<readonly string[]> {
  const { scan } = await sqlParser();
  const bytes = Buffer.from(text, 'utf8');
  const { tokens } = await scan(text);
  return tokens
    .filter(({ tokenName }) => tokenName === 'SQL_COMMENT')
    .map(({ start, end }) => bytes.subarray(start, end).toString('utf8').replace(/^--/, '').trim());
}
