import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { readRepository } from '../../src/adapters/source/repository.ts';
import { withHealthRoute } from '../../src/core/init/health-route.ts';
import { requires } from '../support/requires.ts';

const clients = join(import.meta.dirname, '../clients/next-app');

requires('next')(
  'builds the health route of init in an app with cacheComponents, asked anew each time',
  async () => {
    const folder = await mkdtemp(join(clients, '.health-'));
    const write = async (name: string, text: string) => {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    };
    try {
      await write('package.json', JSON.stringify({ name: 'health', dependencies: { next: '16' } }));
      await write('app/layout.js', 'export default ({ children }) => <html><body>{children}</body></html>;');
      await write('app/page.js', 'export default () => <p>Home</p>;');
      const root = JSON.stringify(clients);
      await write(
        'next.config.js',
        `module.exports = { cacheComponents: true, partialPrefetching: true, outputFileTracingRoot: ${root}, turbopack: { root: ${root} } };`,
      );
      const repository = await readRepository({ folder, appDir: '.', environment: {}, signal: new AbortController().signal });
      for (const { path, text } of withHealthRoute(repository, (name) => name).files) await write(path, text);

      const next = join(clients, 'node_modules/next/dist/bin/next');
      const built = await execa(process.execPath, [next, 'build'], {
        cwd: folder,
        reject: false,
        all: true,
        env: { NEXT_TELEMETRY_DISABLED: '1' },
      });

      const said = async (file: string) => readFile(join(folder, '.next', file), 'utf8');
      expect(built.exitCode, built.all).toBe(0);
      expect(await said('app-path-routes-manifest.json')).toContain('"/api/health"');
      expect(await said('prerender-manifest.json')).not.toContain('/api/health');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  240_000,
);
