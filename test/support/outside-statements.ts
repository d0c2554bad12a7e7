/** Statements that Postgres refuses in a transaction, with what it calls them; t(name) is a partitioned table with the partition u and the index t_name. */
export const outsideStatements: readonly (readonly [sql: string, called: string])[] = [
  ['vacuum', 'VACUUM'],
  ['vacuum (analyze) u', 'VACUUM'],
  ['create index concurrently on u (name)', 'CREATE INDEX CONCURRENTLY'],
  ['drop index concurrently u_name', 'DROP INDEX CONCURRENTLY'],
  ['reindex table concurrently u', 'REINDEX CONCURRENTLY'],
  ['reindex schema public', 'REINDEX SCHEMA'],
  ['alter table t detach partition u concurrently', 'DETACH PARTITION CONCURRENTLY'],
  ['create database d', 'CREATE DATABASE'],
  ['drop database if exists d', 'DROP DATABASE'],
  ["alter system set work_mem = '1MB'", 'ALTER SYSTEM'],
];

/** Statements much like them that it runs in one. */
export const insideStatements: readonly string[] = [
  'analyze u',
  'create index on u (name)',
  'drop index u_name',
  'reindex table u',
  'alter table t detach partition u',
];
