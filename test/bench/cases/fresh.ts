import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { removeCloud } from '../../support/local-cloud.ts';
import { type CommandLine, expecting, timeProcess } from '../measure.ts';
import { type BenchCase, root } from '../place.ts';

/** From a fresh clone to a green `npm start`: packages, programs, build and the whole lifecycle. */
export const fresh: BenchCase = {
  name: 'fresh',
  onlyOnRequest: true,
  run: async (say) => {
    // 0700, as every folder that mkdtemp makes: what runs as another user must find its way from there.
    const folder = await mkdtemp(join(tmpdir(), 'jv-bench-fresh-'));
    const clone = join(folder, 'clone');
    const run = (program: string, args: readonly string[], check: CommandLine['check'], cwd = clone) =>
      timeProcess({ program, args, cwd, check, env: freshEnvironment(), timeoutMs: 1_800_000 });
    try {
      await run('git', ['clone', '--quiet', root, clone], expecting(0), folder);
      say('npm start in a fresh clone; this takes minutes');
      const { wallMs } = await run('npm', ['start'], expecting(0, 'Lighthouse', 'virtual users', 'local stop'));
      await run('npx', ['jv-staging', 'local', 'stop', '--config', 'fixtures/staging.config.ts'], expecting(0, 'has stopped'));
      return [
        {
          name: 'fresh clone to green npm start',
          unit: 's',
          values: [wallMs / 1000],
          target: { atMost: 480, unit: 's', of: 'value' },
        },
      ];
    } finally {
      await removeCloud(join(clone, 'fixtures/.jv-staging/local')).catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The environment without what npm and set-up added for this run: the machine's own Node, none of our packages' programs. */
function freshEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_(?!config_)|JV_|NODE_|CHROME_PATH$|INIT_CWD$)/.test(name));
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !/node_modules|node-gyp-bin/.test(entry));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}
