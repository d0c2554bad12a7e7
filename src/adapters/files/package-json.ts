import { applyEdits, modify, type ParseError, parse } from 'jsonc-parser';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';

const shape = z.looseObject({ scripts: z.record(z.string(), z.unknown()).optional() });

/** A `package.json` with scripts set. */
export interface ChangedPackageJson {
  readonly text: string;
  /** True: no script that stood there under one of the names is lost. */
  readonly keeps: boolean;
}

/**
 * Returns the text of a `package.json` with these scripts set; everything else stays as it is written, to the letter. Throws
 * `REPOSITORY_FILE_BROKEN` (kind `usage`) for a text that is no object of JSON.
 */
export function withScripts(text: string, scripts: Readonly<Record<string, string>>): ChangedPackageJson {
  const errors: ParseError[] = [];
  const parsed = shape.safeParse(parse(text, errors, { disallowComments: true }));
  if (errors.length > 0 || !parsed.success)
    throw new StagingError('usage', 'REPOSITORY_FILE_BROKEN', 'package.json is no object of JSON.', {
      fix: 'Correct package.json, then run this again.',
    });
  const before = parsed.data.scripts ?? {};
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  const formattingOptions = { insertSpaces: !indent.startsWith('\t'), tabSize: indent.length, eol: text.includes('\r\n') ? '\r\n' : '\n' };
  const changed = Object.entries(scripts).filter(([name, command]) => before[name] !== command);
  return {
    text: changed.reduce(
      (json, [name, command]) => applyEdits(json, modify(json, ['scripts', name], command, { formattingOptions })),
      text,
    ),
    keeps: changed.every(([name]) => before[name] === undefined),
  };
}
