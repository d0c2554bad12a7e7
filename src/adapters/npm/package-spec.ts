import { stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { packageKind, unpinned } from '../../core/ci/package-spec.ts';
import { StagingError } from '../../core/errors.ts';
import { jsonOrUndefined } from '../../core/json.ts';
import { printable } from '../../core/printable.ts';
import { askProgram } from '../system/ask-program.ts';

/** Bound on asking npm: a git repository is fetched whole. */
const timeoutMs = 120_000;

const packedSchema = z.array(z.object({ name: z.string(), version: z.string() })).min(1);

/** Where a spec is looked up. */
export interface PackagePlace {
  /** Root of the repository, absolute: the CI job's working folder. */
  readonly root: string;
  readonly cwd: string;
  /** All that npm sees. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Returns the spec that a CI job installs this tool by: a file of the repository by its path from the root, a name of the registry with
 * its exact version, anything else as it was given. It is resolved here and now by this machine's npm, with no script run. Throws
 * `CI_PACKAGE_UNKNOWN` (kind `missing`).
 */
export async function resolvePackage(spec: string, place: PackagePlace, signal: AbortSignal): Promise<string> {
  const reason = unpinned(spec);
  if (reason !== undefined) throw unknownPackage(spec, reason);
  const kind = packageKind(spec);
  if (kind === 'file') return fileOf(spec, place);
  const asked = await askProgram(
    {
      program: 'npm',
      args: ['pack', '--dry-run', '--json', '--ignore-scripts', spec],
      cwd: place.root,
      environment: { ...place.environment, NO_COLOR: '1', npm_config_update_notifier: 'false' },
      timeoutMs,
    },
    signal,
  );
  if ('reason' in asked) throw unknownPackage(spec, printable(asked.reason.replaceAll(/\s+/g, ' '), 300));
  const packed = packedSchema.safeParse(jsonOrUndefined(asked.answer));
  if (!packed.success) throw unknownPackage(spec, 'npm did not say which package it is');
  const [{ name, version } = { name: '', version: '' }] = packed.data;
  return kind === 'registry' ? `${name}@${version}` : spec;
}

async function fileOf(spec: string, { root, cwd }: PackagePlace): Promise<string> {
  const path = resolve(cwd, spec.replace(/^file:/, ''));
  const inRoot = relative(root, path);
  if (inRoot.startsWith('..') || inRoot === '') throw unknownPackage(spec, 'it lies outside of the repository, where no CI job finds it');
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw unknownPackage(spec, 'there is no such file');
  return `./${inRoot.split(sep).join('/')}`;
}

function unknownPackage(spec: string, reason: string): StagingError {
  const message = `The package ${printable(spec, 160)}, which the workflow would run, cannot be resolved: ${reason}.`;
  return new StagingError('missing', 'CI_PACKAGE_UNKNOWN', message, {
    fix: 'Name one that a CI job can install with `--package SPEC`: a name of your registry, a tarball in the repository or by https, a git commit.',
  });
}
