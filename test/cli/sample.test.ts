import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { samplePlaces } from '../../src/core/init/sample.ts';
import { runProcess } from '../support/run-process.ts';
import { removeCloud } from '../support/local-cloud.ts';
import { runTool } from '../support/tool.ts';

const root = join(import.meta.dirname, '../..');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-sample-'));
});
afterAll(async () => {
  await removeCloud(join(folder, '.jv-staging/local')).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: readonly string[]) => runTool(args, { cwd: folder });
const packed = z.array(z.object({ unpackedSize: z.number(), files: z.array(z.object({ path: z.string() })) }));

/** What a file of the package is for; a file that fits none of them has no business there. */
const belongs: Readonly<Record<string, RegExp>> = {
  npm: /^(?:package\.json|README\.md)$/,
  launcher: /^bin\/(?:package\.json|run\.js|node24\.js|forward\.js)$/,
  part: /^bin\/parts\/\w+\/package(?:-lock)?\.json$/,
  manifest: /^oclif\.manifest\.json$/,
  program: /^dist\/(?:\.built|[\w-]+\.js|chunks\/[\w-]+\.js|commands\/[\w/-]+\.js|types\/[\w/.-]+\.d\.ts)$/,
  'JSON Schema': /^schema\/(?:staging\.config|commands\/[\w-]+)\.schema\.json$/,
  sample: /^dist\/sample\/(?:staging\.config\.ts|app\/output\/.+)$/,
  schema: /^supabase\/(?:config\.toml|(?:migrations|rollbacks)\/\d{14}_\w+\.sql)$/,
  seed: /^fixtures\/seed\/\w+\.json$/,
};

describe('the package', () => {
  it('holds what runs and what init --sample copies, and nothing else', async () => {
    const ended = await runProcess('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root });

    const [content] = packed.parse(JSON.parse(ended.stdout));
    const paths = content?.files.map(({ path }) => path) ?? [];
    const kindOf = (path: string) => Object.entries(belongs).find(([, pattern]) => pattern.test(path))?.[0];
    expect(paths.filter((path) => kindOf(path) === undefined)).toEqual([]);
    expect(new Set(paths.map(kindOf))).toEqual(new Set(Object.keys(belongs)));
    for (const { from } of samplePlaces) {
      const wanted = await filesOf(from);
      expect(wanted.length, from).toBeGreaterThan(0);
      expect(paths).toEqual(expect.arrayContaining(wanted));
    }
  });
});

async function filesOf(place: string): Promise<string[]> {
  const entries = await readdir(join(root, place), { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [place];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

describe('init --sample', () => {
  it('refuses the vendors as its target with 2, and writes nothing', async () => {
    const ended = await run('init', '--sample', '--target', 'cloud', '--json');

    expect(ended.code).toBe(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { code: 'INIT_SAMPLE_LOCAL', fix: expect.stringContaining('--target cloud') },
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('fills an empty folder, and a second time changes nothing', async () => {
    const first = await run('init', '--sample', '--json');
    const second = await run('init', '--sample', '--json');

    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect((await readdir(folder)).toSorted()).toEqual(['.gitignore', 'app', 'seed', 'staging.config.ts', 'supabase']);
    expect(await readFile(join(folder, 'seed/demo.json'), 'utf8')).toBe(await readFile(join(root, 'fixtures/seed/demo.json'), 'utf8'));
    expect(JSON.parse(second.stdout).data.files).toMatchObject({ create: [], update: [] });
  });
});

const doctored = z.object({
  error: z.object({ code: z.string() }),
  data: z.object({ findings: z.array(z.object({ id: z.string(), verdict: z.string(), seen: z.string() })) }),
});

describe('doctor with the target cloud', () => {
  it('names each credential that is not set, sends none that cannot be right, and asks no vendor without', async () => {
    const env = { UPSTASH_EMAIL: 'ann@example.test', UPSTASH_API_KEY: '"canary-in-quotes"' };

    const ended = await runTool(['doctor', '--target', 'cloud', '--json'], { cwd: folder, env });

    const { error, data } = doctored.parse(JSON.parse(ended.stdout));
    const seen = new Map(data.findings.map((finding) => [finding.id, finding]));
    expect(ended.code).toBe(3);
    expect(error.code).toBe('DOCTOR_MISSING');
    expect(seen.get('credential-vercel-token')).toMatchObject({ verdict: 'red', seen: 'not set' });
    expect(seen.get('credential-upstash-email')).toMatchObject({ verdict: 'green', seen: expect.stringContaining('in the environment') });
    expect(seen.get('vercel-account')).toMatchObject({ verdict: 'skipped', seen: 'not asked: they are not complete' });
    expect(seen.get('upstash-account')).toMatchObject({ verdict: 'red', seen: 'not sent: they cannot be right' });
    expect(seen.get('dns')).toMatchObject({ verdict: 'skipped' });
    expect(ended.stdout + ended.stderr).not.toContain('canary-in-quotes');
  });
});
