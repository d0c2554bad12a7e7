import { expect, it } from 'vitest';
import { databaseError, serverOf } from '../../src/adapters/postgres/database-error.ts';
import { StagingError } from '../../src/core/errors.ts';

const url = 'postgresql://postgres:canary-pw@db.jet.test:6543/app';
const sql = (code: string, message: string) => Object.assign(new Error(message), { severity: 'FATAL', code });
const net = (code: string, address?: string) =>
  Object.assign(new Error(`connect ${code}`), { code, ...(address === undefined ? {} : { address }) });
const closedBeforeTls = Object.assign(net('ECONNRESET'), { path: undefined, localAddress: undefined });
const bothV6 = Object.assign(new AggregateError([net('ENETUNREACH', '2600:1f18::1'), net('ENETUNREACH', '2600:1f18::2')]), {
  code: 'ENETUNREACH',
});
const mixed = Object.assign(new AggregateError([net('ENETUNREACH', '2600:1f18::1'), net('ECONNREFUSED', '10.0.0.1')]), {
  code: 'ENETUNREACH',
});

/** What can go wrong with the server, with the code and the words that tell it from the others. */
const faults: readonly (readonly [string, Error, string, string, number])[] = [
  ['a full disk', sql('53100', 'could not extend file: No space left'), 'DATABASE_DISK_FULL', 'has no disk space left', 4],
  ['a read-only server', sql('25006', 'cannot execute INSERT'), 'DATABASE_READ_ONLY', 'takes no writes', 4],
  ['one that recovers', sql('57P03', 'the database system is starting up'), 'DATABASE_NOT_READY', 'is starting, stopping or recovering', 4],
  ['one that went down', sql('57P01', 'terminating connection'), 'DATABASE_UNREACHABLE', 'cannot be reached', 4],
  ['too many connections', sql('53300', 'too many clients'), 'DATABASE_BUSY', 'has no connection free', 4],
  ['a bad password', sql('28P01', 'password authentication failed'), 'DATABASE_PASSWORD_REFUSED', 'refused the password', 3],
  [
    'a login without TLS',
    sql('28000', 'no pg_hba.conf entry, no encryption'),
    'DATABASE_LOGIN_REFUSED',
    'lets this login in from here not',
    3,
  ],
  ['no name', net('ENOTFOUND'), 'DATABASE_UNREACHABLE', 'ENOTFOUND', 4],
  ['nobody who listens', net('ECONNREFUSED', '10.0.0.1'), 'DATABASE_UNREACHABLE', 'ECONNREFUSED', 4],
  ['no way to IPv4', net('ENETUNREACH', '10.0.0.1'), 'DATABASE_UNREACHABLE', 'ENETUNREACH', 4],
  ['an IPv6 address alone', net('ENETUNREACH', '2600:1f18::1'), 'DATABASE_IPV6_ONLY', 'IPv6 address alone (2600:1f18::1)', 4],
  ['several IPv6 addresses alone', bothV6, 'DATABASE_IPV6_ONLY', '2600:1f18::1, 2600:1f18::2', 4],
  ['IPv6 beside IPv4 that refuses', mixed, 'DATABASE_UNREACHABLE', 'cannot be reached', 4],
  ['TLS that the server refuses', closedBeforeTls, 'DATABASE_TLS_REFUSED', 'agree on no TLS', 4],
  ['a certificate of its own', net('SELF_SIGNED_CERT_IN_CHAIN'), 'DATABASE_TLS_REFUSED', 'SELF_SIGNED_CERT_IN_CHAIN', 4],
  ['TLS of another version', net('ERR_SSL_WRONG_VERSION_NUMBER'), 'DATABASE_TLS_REFUSED', 'ERR_SSL_WRONG_VERSION_NUMBER', 4],
  ['a connection that breaks', net('ECONNRESET'), 'DATABASE_UNREACHABLE', 'ECONNRESET', 4],
];

it.each(faults)(
  '%s is told by a code and words of its own, with the server and without the password',
  (_what, cause, code, words, exitCode) => {
    const error = databaseError(cause, serverOf(url));

    expect(error).toMatchObject({ code, exitCode, message: expect.stringContaining(words), fix: expect.stringMatching(/^[A-Z].*\.$/) });
    expect(error).toMatchObject({ message: expect.stringContaining('db.jet.test:6543') });
    const shown = error instanceof StagingError ? `${error.message} ${error.fix ?? ''} ${JSON.stringify(error.data)}` : '';
    expect(shown).not.toContain('canary-pw');
  },
);

it('says of every fault something else', () => {
  const messages = faults.map(([, cause]) => databaseError(cause, 'server')).map(String);

  expect(new Set(messages).size).toBe(faults.length);
});

it('leaves what is no error of a database as it is', () => {
  const bug = new TypeError('not ours');

  expect(databaseError(bug, 'server')).toBe(bug);
});
