import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

/** Returns the server of a Redis address for messages: host and port, without the password. */
export function serverOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? '6379' : port}`;
}

/** Maps an error by Redis's own error code, the first word of its reply. `earlier` is what the connection itself said. */
export function redisError(error: unknown, earlier: unknown, server: string): unknown {
  if (error instanceof StagingError) return error;
  const candidates = [earlier, error].filter((candidate) => candidate instanceof Error);
  const reply = candidates.find((candidate) => candidate.name === 'ReplyError');
  const said = printable((reply ?? candidates[0])?.message ?? 'no answer');
  switch (reply?.message.split(' ')[0]) {
    case undefined:
      return new StagingError('vendor', 'REDIS_UNREACHABLE', `Redis at ${server} cannot be reached: ${said}.`, {
        fix: 'Check that the database is active on the platform and that this machine may reach it, then run the same command again.',
        cause: error,
      });
    case 'WRONGPASS':
    case 'NOAUTH':
      return new StagingError('missing', 'REDIS_PASSWORD_REFUSED', `Redis at ${server} refused the password: ${said}.`, {
        fix: 'Run `jv-staging provision` again: it reads the password anew.',
        cause: error,
      });
    case 'OOM':
      return new StagingError('vendor', 'REDIS_FULL', `Redis at ${server} is full and takes no writes: ${said}.`, {
        fix: 'Remove keys that nobody needs, or take a larger plan.',
        cause: error,
      });
    case 'READONLY':
    case 'MISCONF':
      return new StagingError('vendor', 'REDIS_READ_ONLY', `Redis at ${server} takes no writes: ${said}.`, {
        fix: 'Look at the state of the database on the platform, then run the same command again.',
        cause: error,
      });
    default:
      return new StagingError('vendor', 'REDIS_REFUSED', `Redis at ${server} refused a command: ${said}.`, { cause: error });
  }
}
