import { Readable } from 'node:stream';
import { badRequest } from './errors.ts';
import type { VercelApp } from './http.ts';
import type { World } from './world.ts';

/** Adds the upload of files by sha1. */
export function addFileRoutes(app: VercelApp, { blobs }: World): void {
  app.post('/files', async (c) => {
    const sha = (c.req.header('x-vercel-digest') ?? c.req.header('x-now-digest') ?? '').toLowerCase();
    if (!/^[0-9a-f]{40}$/.test(sha)) throw badRequest('The header `x-vercel-digest` is not a sha1 in hex.');
    const sizeHeader = c.req.header('x-now-size') ?? c.req.header('content-length');
    const size = sizeHeader === undefined ? undefined : Number(sizeHeader);
    if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) throw badRequest('The file size is not a number.');
    await blobs.receive(c.env.incoming ?? Readable.from([]), { sha, size });
    return c.json({ urls: [] });
  });
}
