import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { installK6 } from '../../src/adapters/k6/install.ts';
import { fakeProgram } from '../support/fake-program.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';

const none = new AbortController().signal;
const linux = { platform: 'linux', arch: 'x64' };
const archiveName = 'k6-v1.8.1-linux-amd64.tar.gz';
const archivePath = `/v1.8.1/${archiveName}`;
const sumsPath = '/v1.8.1/k6-v1.8.1-checksums.txt';
let folder = '';
let archive: Buffer = Buffer.alloc(0);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-k6-release-'));
  archive = await packed('1.8.1');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('downloading the release of k6 where there is no Go', () => {
  test('takes the archive whose sum stands in the release’s list, and does nothing the second time', async () => {
    const release = await serve({ [archivePath]: archive, [sumsPath]: `${sumOf(archive)}  ${archiveName}\n` });
    const into = join(folder, 'good');

    const first = await install(release.url, into);
    const second = await install(release.url, into);

    expect([first, second]).toEqual([`k6 1.8.1 at ${into}/k6`, `k6 1.8.1 is at ${into}/k6 already`]);
    expect((await execa(join(into, 'k6'), ['version'])).stdout).toContain('k6 v1.8.1');
    expect(release.seen.map((request) => request.path)).toEqual([sumsPath, archivePath]);
    expect(await readdir(into)).toEqual(['k6']);
  });

  test.each([
    ['another sum', () => ({ [archivePath]: archive, [sumsPath]: `${'0'.repeat(64)}  ${archiveName}\n` }), /the release’s list says 0{64}/],
    [
      'a list without the file',
      () => ({ [archivePath]: archive, [sumsPath]: `${sumOf(archive)}  other.tar.gz\n` }),
      /does not name k6-v1\.8\.1/,
    ],
    ['no such release', () => ({}), /checksums\.txt answers 404/],
    ['a page instead of an archive', () => page('<html>Sign in</html>'), /cannot be unpacked/],
    ['a list without an end', () => ({ [sumsPath]: Buffer.alloc(100_000, 'a') }), /longer than 65536 bytes/],
  ])('%s leaves nothing behind', async (_what, files, reason) => {
    const release = await serve(files());
    const into = await mkdtemp(join(folder, 'refused-'));

    const installing = install(release.url, into);

    await expect(installing).rejects.toMatchObject({ code: 'K6_INSTALL_FAILED', kind: 'vendor', message: expect.stringMatching(reason) });
    expect(await readdir(into)).toEqual([]);
  });

  test('another version in the archive is refused', async () => {
    const other = await packed('1.7.0');
    const release = await serve({ [archivePath]: other, [sumsPath]: `${sumOf(other)}  ${archiveName}\n` });

    await expect(install(release.url, join(folder, 'other'))).rejects.toMatchObject({
      code: 'K6_INSTALL_FAILED',
      message: expect.stringContaining('says that it is k6 1.7.0, not 1.8.1'),
    });
  });

  test('an address that does not answer is told', async () => {
    const release = await serve({});
    await release.close();

    await expect(install(release.url, join(folder, 'gone'))).rejects.toMatchObject({
      code: 'K6_INSTALL_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

async function install(releasesUrl: string, into: string): Promise<string> {
  const installation = { folder: into, path: [], goFolders: [], environment: {}, release: { releasesUrl, machine: linux } };
  return await installK6(installation, () => undefined, none);
}

/** Returns a release's archive with a program that only tells its version. */
async function packed(version: string): Promise<Buffer> {
  const at = await mkdtemp(join(folder, 'packed-'));
  await fakeProgram(join(at, 'k6-v1.8.1-linux-amd64', 'k6'), `echo "k6 v${version} (go1.26.0, linux/amd64)"`);
  await execa('tar', ['-czf', join(at, 'archive.tar.gz'), '-C', at, 'k6-v1.8.1-linux-amd64']);
  return await readFile(join(at, 'archive.tar.gz'));
}

function page(text: string): Readonly<Record<string, string>> {
  return { [archivePath]: text, [sumsPath]: `${sumOf(Buffer.from(text))}  ${archiveName}\n` };
}

function sumOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function serve(files: Readonly<Record<string, Buffer | string>>) {
  const server = await startLoopbackServer((request, response) => {
    const file = files[request.path];
    if (file === undefined) response.writeHead(404).end('Not Found');
    else response.writeHead(200).end(file);
  });
  const close = server.close.bind(server);
  let open = true;
  const closeOnce = async () => {
    if (open) await close();
    open = false;
  };
  onTestFinished(closeOnce);
  return { ...server, close: closeOnce };
}
