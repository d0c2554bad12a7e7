import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { vercelApi } from '../../src/adapters/vercel/vercel-api.ts';
import { vercelDeployments } from '../../src/adapters/vercel/vercel-deployments.ts';
import { vercelDomainMoves } from '../../src/adapters/vercel/vercel-domain-moves.ts';
import { vercelHostingProjects } from '../../src/adapters/vercel/vercel-hosting-projects.ts';
import { fakeHosting } from '../fakes/hosting.ts';
import { startTestCloud } from '../support/local-cloud.ts';
import { hostingContract } from './hosting.contract.ts';

async function outputFolders(): Promise<{ newOutput(text: string): Promise<string>; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'jv-output-'));
  let count = 0;
  return {
    newOutput: async (text) => {
      count += 1;
      const output = join(root, String(count), '.vercel/output');
      await mkdir(join(output, 'static'), { recursive: true });
      await writeFile(join(output, 'config.json'), JSON.stringify({ version: 3 }));
      await writeFile(join(output, 'static/index.html'), `<h1>${text}</h1>`);
      return output;
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

hostingContract('the fake', async () => {
  const folders = await outputFolders();
  return {
    ...fakeHosting({ hasOutput: (dir) => existsSync(join(dir, 'config.json')) }),
    newOutput: folders.newOutput,
    close: folders.remove,
  };
});

hostingContract('Vercel over the local cloud', async () => {
  const [folders, cloud] = await Promise.all([outputFolders(), startTestCloud()]);
  const { vercel, gateway } = cloud.endpoints;
  const api = vercelApi({ token: vercel.token, team: vercel.teamId, localUrl: vercel.apiUrl, clock: systemClock });
  return {
    projects: vercelHostingProjects(api),
    deployments: vercelDeployments(api, (hostname) => `http://${hostname}:${gateway.port}`),
    moves: vercelDomainMoves(api, systemClock),
    newOutput: folders.newOutput,
    close: async () => {
      await api.close();
      await cloud.stop();
      await folders.remove();
    },
  };
});
