import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMigrationFolder } from '../../src/adapters/files/migration-folder.ts';
import { refuseUnclearTwins } from '../../src/config/boolean-twins.ts';
import { parseDuration } from '../../src/config/duration.ts';
import { countOf } from '../../src/core/count-of.ts';
import { renderInitText } from '../../src/output/init-text.ts';

describe('what people read', () => {
  it('counts one thing as one', () => {
    expect([0, 1, 2].map((count) => countOf(count, 'report'))).toEqual(['0 reports', '1 report', '2 reports']);
  });

  it.each([
    ['5min', '5m'],
    ['2 hours', '2h'],
    ['90secs', '90s'],
    ['1.5 s', '1500ms'],
    ['1d', '24h'],
    ['soon', '30s'],
  ])('suggests for the duration %s what was meant: %s', (text, meant) => {
    expect(() => parseDuration(text, '--since')).toThrow(
      expect.objectContaining({ code: 'DURATION_INVALID', fix: `Pass \`--since ${meant}\`.` }),
    );
    expect(parseDuration(meant, '--since')).toBeGreaterThan(0);
  });

  it('blames the variable for a value that no flag gave, and takes the others', () => {
    const flags = { target: { type: 'option', env: 'JV_TARGET', options: ['cloud', 'local'] } };

    expect(() => refuseUnclearTwins(flags, { JV_TARGET: 'foo' })).toThrow(
      expect.objectContaining({
        code: 'FLAG_VALUE_UNCLEAR',
        message: 'The environment variable JV_TARGET is "foo", expected one of cloud, local.',
        fix: expect.stringContaining('unset JV_TARGET'),
      }),
    );
    for (const value of ['local', '', undefined]) expect(() => refuseUnclearTwins(flags, { JV_TARGET: value })).not.toThrow();
  });

  it('keeps sentences of init within 80 columns, and commands on one line', () => {
    const command = `node ${'/a'.repeat(50)} up --target local`;

    const lines = renderInitText({ seen: [], answers: [], open: ['many words '.repeat(20).trim()], next: [command] }).split('\n');

    expect(lines.filter((line) => line.length > 80)).toEqual([`  ${command}`]);
    expect(lines.filter((line) => line.startsWith('    many'))).toHaveLength(2);
  });

  it('names files that are no migrations, and no hidden ones', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'jv-migrations-'));
    for (const name of ['.gitkeep', 'notes.txt', '20260101000000_a.sql']) await writeFile(join(dir, name), 'select 1;');

    const { migrations, ignored } = await readMigrationFolder(dir);

    await rm(dir, { recursive: true });
    expect(migrations).toHaveLength(1);
    expect(ignored).toEqual(['notes.txt']);
  });
});
