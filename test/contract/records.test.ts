import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'dotenv';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { envFile, withValues } from '../../src/adapters/files/env-file.ts';
import { fileJournal } from '../../src/adapters/files/journal-file.ts';
import { readJsonFile, writeJsonFile } from '../../src/adapters/files/json-file.ts';
import { readMigrationFolder } from '../../src/adapters/files/migration-folder.ts';
import type { JournalEntry } from '../../src/core/ports/journal.ts';
import { fakeJournal, fakeSecretFile } from '../fakes/records.ts';
import { entry, journalContract, secretFileContract } from './records.contract.ts';

let root: string;
let dir: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'jv-files-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  count += 1;
  dir = join(root, String(count));
  await mkdir(dir);
});

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

journalContract('the fake journal', () => {
  const entries: JournalEntry[] = [];
  return (runId) => fakeJournal(runId, entries);
});

journalContract('the journal on disk', () => {
  const folder = dir;
  return (runId) => fileJournal(join(folder, 'journal'), runId);
});

describe('the journal’s files', () => {
  const started = async () => {
    const journal = fileJournal(dir, 'run-1');
    await journal.append(entry('run-1', 'a', 'intent', 1));
    await journal.append(entry('run-1', 'b', 'intent', 2));
    const [file] = await readdir(dir);
    return join(dir, file ?? '');
  };

  test('they are ours alone, one line an entry', async () => {
    const path = await started();

    expect(await modeOf(path)).toBe(0o600);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(3);
  });

  test('a torn last line is passed over: it was never acknowledged', async () => {
    const path = await started();
    await writeFile(path, '{"runId":"run-1","pa', { flag: 'a' });

    expect((await fileJournal(dir, 'run-2').unfinished()).map((each) => each.path)).toEqual(['a', 'b']);
  });

  test.each([
    ['empty', ''],
    ['one torn line', '{"runId"'],
    ['damaged in the middle', '{"runId":"run-1"\n{"runId":"run-1","path":"b","phase":"intent","at":"2026"}\n'],
    ['zeros, as a file system may leave', '\0\0\0\0\n'],
    ['of another shape', '{"runId":1}\n'],
    ['merged with conflicts', '<<<<<<< HEAD\n=======\n>>>>>>> theirs\n'],
    ['changed in a single bit', '{"runId":"run-1","path":"b","phase":"intenu","at":"2026"}\n'],
  ])('a file that is %s is JOURNAL_DAMAGED (fault 15), and the fix says what to do with it', async (_name, content) => {
    const path = await started();
    await writeFile(path, content);

    await expect(fileJournal(dir, 'run-2').unfinished()).rejects.toMatchObject({
      kind: 'missing',
      code: 'JOURNAL_DAMAGED',
      exitCode: 3,
      message: expect.stringContaining(path),
      fix: expect.stringMatching(/jv-staging status.*move .* away/),
    });
  });

  test('a run’s id cannot leave the folder', async () => {
    await fileJournal(join(dir, 'journal'), '../../evil').append(entry('x', 'a', 'intent', 1));

    expect(await readdir(dir)).toEqual(['journal']);
    expect(await readdir(join(dir, 'journal'))).toHaveLength(1);
  });

  test('entries appended at once all stand, in order', async () => {
    const journal = fileJournal(dir, 'run-1');
    await Promise.all(Array.from({ length: 20 }, (_, index) => journal.append(entry('run-1', `step-${index}`, 'intent', 1))));

    expect((await fileJournal(dir, 'run-2').unfinished()).map(({ path }) => path)).toEqual(
      Array.from({ length: 20 }, (_, index) => `step-${index}`),
    );
  });

  test('a folder that cannot be written is STATE_NOT_WRITABLE before anything else happens', async () => {
    await writeFile(join(dir, 'file'), '');

    await expect(fileJournal(join(dir, 'file'), 'run-1').append(entry('run-1', 'a', 'intent', 1))).rejects.toMatchObject({
      kind: 'missing',
      code: 'STATE_NOT_WRITABLE',
    });
  });
});

secretFileContract('the fake environment file', () => fakeSecretFile());
secretFileContract('the environment file on disk', () => envFile(join(dir, '.env.staging')));

describe('the environment file’s text', () => {
  test('it is ours alone, even if it was open to all before', async () => {
    const path = join(dir, '.env.staging');
    await writeFile(path, 'A=1\n', { mode: 0o644 });
    await chmod(path, 0o644);

    await envFile(path).write({ B: '2' });

    expect(await modeOf(path)).toBe(0o600);
    expect(await readdir(dir)).toEqual(['.env.staging']);
  });

  test('a write that changes nothing leaves the file untouched', async () => {
    const path = join(dir, '.env.staging');
    await envFile(path).write({ A: '1' });
    const before = (await stat(path)).ino;

    await envFile(path).write({ A: '1' });

    expect((await stat(path)).ino).toBe(before);
  });

  test('comments, blank lines, order and other lines stay', () => {
    const text = '# head\n\nexport A=old # why\nB: "two\nlines"\n\n  C = \'x\'\n# A=commented\nA=again';

    expect(withValues(text, { A: 'new', D: 'added' })).toBe(
      '# head\n\nA=new # why\nB: "two\nlines"\n\n  C = \'x\'\n# A=commented\nA=new\nD=added\n',
    );
  });

  test('a line that looks like an assignment within another’s quotes is not one', () => {
    const text = 'KEY="first\nA=inside\nlast"\n';

    const after = withValues(text, { A: 'outside' });

    expect(parse(after)).toEqual({ KEY: 'first\nA=inside\nlast', A: 'outside' });
  });

  test.each([
    "it's",
    'say "hi"',
    'back`tick',
    'a\nb',
    ' lead and trail ',
    '',
    '#x',
    'a=b',
    '$HOME ${X}',
    'ü😀',
    String.raw`back\nslash`,
    'postgresql://u:p%40w@h:5432/d?x=1&y=2',
  ])('%j survives', (value) => {
    expect(parse(withValues('Z=1\n', { A: value }))).toEqual({ Z: '1', A: value });
  });

  test('any value either survives, with all others, or is refused', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ unit: fc.constantFrom("'", '"', '`', '\\', '\n', '\r', '#', ' ', '=', 'a', '$') }),
        (plain, nasty) => {
          const before = withValues('FIRST=1\n# c\n', { LAST: 'z' });
          for (const value of [plain, nasty]) {
            try {
              expect(parse(withValues(before, { A: value }))).toEqual({ FIRST: '1', LAST: 'z', A: value });
            } catch (error) {
              expect(error).toMatchObject({ code: 'ENV_VALUE_UNWRITABLE' });
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(['A B', '1A', 'A=B', 'A\nB', ''])('%j is no name', (name) => {
    expect(() => withValues('', { [name]: 'x' })).toThrow(expect.objectContaining({ kind: 'usage', code: 'ENV_VALUE_UNWRITABLE' }));
  });

  test('a symbolic link is neither read nor written through', async () => {
    await writeFile(join(dir, 'elsewhere'), 'A=1\n');
    await symlink(join(dir, 'elsewhere'), join(dir, '.env.staging'));
    const file = envFile(join(dir, '.env.staging'));

    await expect(file.read('A')).rejects.toMatchObject({ kind: 'refused', code: 'STATE_SYMLINK' });
    await expect(file.write({ A: '2' })).rejects.toMatchObject({ kind: 'refused', code: 'STATE_SYMLINK' });
    expect(await readFile(join(dir, 'elsewhere'), 'utf8')).toBe('A=1\n');
  });
});

describe('a state file', () => {
  const schema = z.object({ version: z.literal(1), name: z.string() });

  test('it comes back as it was written, ours alone, with nothing left beside it', async () => {
    const path = join(dir, 'state', 'a.json');
    await expect(readJsonFile(path, schema)).resolves.toBeUndefined();

    await writeJsonFile(path, { version: 1, name: 'a' });
    await writeJsonFile(path, { version: 1, name: 'b' });

    await expect(readJsonFile(path, schema)).resolves.toEqual({ version: 1, name: 'b' });
    expect(await modeOf(path)).toBe(0o600);
    expect(await readdir(join(dir, 'state'))).toEqual(['a.json']);
  });

  test.each([
    ['empty', ''],
    ['cut', '{"version":1,"na'],
    ['of a newer version', '{"version":2,"name":"a"}'],
    ['with conflict markers', '<<<<<<< HEAD\n{"version":1}'],
  ])('one that is %s is STATE_DAMAGED, never “nothing there”', async (_name, content) => {
    const path = join(dir, 'a.json');
    await writeFile(path, content);

    await expect(readJsonFile(path, schema)).rejects.toMatchObject({
      kind: 'missing',
      code: 'STATE_DAMAGED',
      message: expect.stringContaining(path),
    });
  });
});

describe('the migration folder', () => {
  test('migrations come in order of version; everything else is named', async () => {
    const files = {
      '20260102000000_b.sql': 'select 2;',
      '20260101000000_a_b.sql': 'select 1;',
      'DEPLOY_ALL.sql': 'drop',
      '2026_x.sql': '',
      'README.md': '',
      '20260103000000.sql': '',
    };
    for (const [file, content] of Object.entries(files)) await writeFile(join(dir, file), content);

    const folder = await readMigrationFolder(dir);

    expect(folder.migrations.map(({ version, name, file, sql }) => ({ version, name, file, sql }))).toEqual([
      { version: '20260101000000', name: 'a_b', file: '20260101000000_a_b.sql', sql: 'select 1;' },
      { version: '20260102000000', name: 'b', file: '20260102000000_b.sql', sql: 'select 2;' },
    ]);
    expect(folder.migrations[0]?.checksum).toBe('354b7196c9ba5fb4b21cf615bb6ec4cd5c07503c34229feef033fc081a8c03f4');
    expect(folder.ignored).toEqual(['20260103000000.sql', '2026_x.sql', 'DEPLOY_ALL.sql', 'README.md']);
  });

  test('a zero byte, which no server takes, is named with its file', async () => {
    await writeFile(join(dir, '20260101000000_a.sql'), 'select 1;\0');

    await expect(readMigrationFolder(dir)).rejects.toMatchObject({
      code: 'MIGRATION_UNREADABLE',
      message: '20260101000000_a.sql is not a migration that can be run: it holds a zero byte.',
    });
  });

  test('a folder that is not there is MIGRATIONS_MISSING, and a file that is not text MIGRATION_UNREADABLE', async () => {
    await writeFile(join(dir, '20260101000000_a.sql'), Buffer.from([0xff, 0xfe, 0x00]));

    await expect(readMigrationFolder(join(dir, 'nowhere'))).rejects.toMatchObject({ kind: 'missing', code: 'MIGRATIONS_MISSING' });
    await expect(readMigrationFolder(dir)).rejects.toMatchObject({
      kind: 'red',
      code: 'MIGRATION_UNREADABLE',
      message: expect.stringContaining('20260101000000_a.sql'),
    });
  });
});
