import { describe, expect, it } from 'vitest';
import { packageKind, unpinned } from '../../src/core/ci/package-spec.ts';
import { secretNames } from '../../src/core/ci/secrets.ts';
import { newestRelease, parseRemoteTags } from '../../src/core/ci/steps.ts';
import { stagingWorkflow, type WorkflowInput, type WorkflowJob } from '../../src/core/ci/workflow.ts';
import { commands, problemsOf } from '../support/command-line.ts';
import { stagingSettings } from '../support/stage-world.ts';

const pinned = (name: string) => ({ pinned: `${name}@${'a'.repeat(40)}`, release: 'v4.1.0' });
const input: WorkflowInput = {
  environment: 'staging',
  branch: 'develop',
  releaseBranch: 'main',
  configPath: 'staging.config.ts',
  appDir: 'app',
  build: ['node', 'build it.ts'],
  output: 'app/.vercel/output',
  buildSettings: { framework: 'nextjs' },
  buildVariables: { NEXT_PUBLIC_TITLE: 'Staging', NEXT_PUBLIC_SUPABASE_URL: null },
  installs: true,
  toolPackage: 'jv-staging@1.2.3',
  actions: {
    'actions/checkout': pinned('actions/checkout'),
    'actions/setup-node': pinned('actions/setup-node'),
    'actions/upload-artifact': pinned('actions/upload-artifact'),
    'actions/download-artifact': pinned('actions/download-artifact'),
  },
  secrets: ['VERCEL_TOKEN'],
  notifies: true,
};
const { jobs, on, permissions } = stagingWorkflow(input);
const all: readonly (readonly [string, WorkflowJob])[] = Object.entries(jobs);

describe('the workflow of ci init', () => {
  it('is never run by pull_request_target, and gives no permission by itself', () => {
    expect(Object.keys(on)).toEqual(['push', 'pull_request', 'schedule', 'workflow_dispatch']);
    expect(permissions).toEqual({});
  });

  it('runs the build of the repository without any secret, and nothing but our own tool with one', () => {
    const withSecrets = all.filter(([, job]) => JSON.stringify(job).includes('secrets.'));
    expect(JSON.stringify(jobs['build'])).not.toContain('secrets.');
    expect(withSecrets.map(([name]) => name)).toEqual(['deploy', 'preview', 'preview-down', 'nightly', 'gate']);
    for (const [name, job] of withSecrets)
      for (const { run } of job.steps)
        if (run !== undefined)
          expect(run, name).toMatch(
            /^(?:npx --yes --package jv-staging@1\.2\.3 jv-staging |mkdir -p "\$RUNNER_TEMP|echo "::error::|for run in \$\(gh run list )/,
          );
  });

  it('builds by the settings that git does not keep, and with the public variables of the app', () => {
    const steps = jobs['build']?.steps ?? [];
    const at = steps.findIndex(({ name }) => name === 'Settings of the build');
    expect(steps[at]).toMatchObject({
      'working-directory': 'app',
      env: { SETTINGS: '{"settings":{"framework":"nextjs"}}' },
      run: String.raw`mkdir -p .vercel && printf "%s\n" "$SETTINGS" > .vercel/project.json`,
    });
    expect(steps[at + 1]).toMatchObject({
      name: 'Build',
      env: { NEXT_PUBLIC_TITLE: 'Staging', NEXT_PUBLIC_SUPABASE_URL: '${{ vars.NEXT_PUBLIC_SUPABASE_URL }}' },
    });
    const other = stagingWorkflow({ ...input, buildSettings: undefined, buildVariables: {} }).jobs['build'];
    expect(other?.steps.map(({ name }) => name)).not.toContain('Settings of the build');
    expect(other?.steps.find(({ name }) => name === 'Build')).not.toHaveProperty('env');
  });

  it('pins every action at a commit, and takes texts of other people by the environment alone', () => {
    for (const [name, { steps }] of all) {
      for (const { uses, run } of steps) {
        if (uses !== undefined) expect(uses, name).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
        expect(run ?? '', name).not.toContain('${{');
      }
      expect(steps.find(({ uses }) => uses?.startsWith('actions/checkout'))?.with, name).toMatchObject({ 'persist-credentials': false });
    }
  });

  it('lets only the jobs whose gates stand in the comment on the pull request write there', () => {
    const writing = all.filter(([, job]) => Object.values(job.permissions).includes('write'));

    expect(writing.map(([name, job]) => [name, job.permissions])).toEqual([
      ['preview', { contents: 'read', 'pull-requests': 'write' }],
      ['gate', { actions: 'read', contents: 'read', issues: 'read', 'pull-requests': 'write' }],
    ]);
    expect(all.filter(([, job]) => 'GITHUB_TOKEN' in (job.env ?? {})).map(([name]) => name)).toEqual(['preview', 'gate']);
  });

  it('brings the reports of the release and of the nights to the gate, whatever job wrote them', () => {
    const names = jobs['gate']?.steps.map(({ name }) => name) ?? [];
    const fetch = jobs['gate']?.steps.find(({ name }) => name === 'Fetch the reports of this release')?.run ?? '';
    const kept = all.flatMap(([, { steps }]) => steps.filter(({ name }) => name === 'Keep the reports').map((step) => step.with?.['name']));

    expect(names.indexOf('Fetch the reports of this release')).toBe(names.indexOf('Gate') - 1);
    for (const name of ['reports', 'nightly-reports']) {
      expect(kept).toContain(name);
      expect(fetch).toContain(`gh run download "$run" --name ${name} `);
    }
  });

  it('lets runs of one environment wait for one another', () => {
    const group = { group: 'staging', 'cancel-in-progress': false };
    expect([jobs['deploy']?.concurrency, jobs['nightly']?.concurrency]).toEqual([group, group]);
  });

  it('gives previews to branches of the same repository alone', () => {
    for (const name of ['preview', 'preview-down'])
      expect(jobs[name]?.if).toContain('github.event.pull_request.head.repo.full_name == github.repository');
  });

  it('never skips the gate of a pull request into the release branch: a skipped check counts as passed', () => {
    expect(jobs['gate']?.if).toBe("github.event_name == 'pull_request' && github.event.action != 'closed' && github.base_ref == 'main'");
    expect(jobs['gate']?.steps[0]).toMatchObject({
      if: 'github.event.pull_request.head.repo.full_name != github.repository',
      run: expect.stringMatching(/exit 5$/),
    });
  });

  it('calls only commands of ours that there are, with flags that they have', () => {
    const calls = all.flatMap(([, { steps }]) => steps.flatMap(({ run }) => (run?.startsWith('npx') === true ? [run] : [])));

    const problems = calls.flatMap((call) => {
      const words = call.replace('npx --yes --package jv-staging@1.2.3 jv-staging ', '');
      const id = Object.keys(commands).find((one) => `${words} `.startsWith(`${one.replaceAll(':', ' ')} `)) ?? '';
      return problemsOf(`<%= config.bin %> ${words}`, id).map((problem) => `${words}: ${problem}`);
    });

    expect(calls.length).toBeGreaterThan(10);
    expect(problems).toEqual([]);
  });

  it('quotes what a shell would take apart', () => {
    expect(jobs['build']?.steps.find(({ name }) => name === 'Build')?.run).toBe("node 'build it.ts'");
  });
});

describe('the tags of an action', () => {
  const commit = (digit: string) => digit.repeat(40);
  const listed = [
    `${commit('1')}\trefs/tags/v4`,
    `${commit('2')}\trefs/tags/v4.9.0`,
    `${commit('3')}\trefs/tags/v4.10.1`,
    `${commit('4')}\trefs/tags/v4.10.1^{}`,
    `${commit('5')}\trefs/tags/v4.11.0-beta.1`,
    `${commit('6')}\trefs/tags/v5.0.0`,
    'warning: something else',
  ].join('\n');

  it('give the commit behind an annotated tag, of the newest full release of the major version', () => {
    expect(newestRelease(parseRemoteTags(listed), 4)).toEqual({ tag: 'v4.10.1', commit: commit('4') });
    expect(newestRelease(parseRemoteTags(listed), 5)).toEqual({ tag: 'v5.0.0', commit: commit('6') });
  });

  it('give nothing where there is no such release', () => {
    expect(newestRelease(parseRemoteTags(listed), 6)).toBeUndefined();
    expect(newestRelease([], 4)).toBeUndefined();
  });
});

describe('the secrets of a workflow', () => {
  it('are every reference of the configuration and what is generated, each once, none with a name of GitHub’s own', () => {
    const settings = {
      ...stagingSettings,
      env: { TOKEN: { value: { kind: 'env', name: 'GITHUB_TOKEN' }, class: 'secret', required: true } },
    } as const;

    const names = secretNames(settings, ['JV_STATE_KEY', 'VERCEL_TOKEN']);

    expect(names).toEqual(
      expect.arrayContaining(['JV_STATE_KEY', 'SUPABASE_ACCESS_TOKEN', 'UPSTASH_API_KEY', 'VERCEL_ORG_ID', 'VERCEL_TOKEN']),
    );
    expect(names).not.toContain('GITHUB_TOKEN');
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the package that CI installs the tool from', () => {
  it.each([
    ['jv-staging@1.2.3', 'registry', true],
    ['@acme/jv-staging', 'registry', true],
    ['./tools/jv.tgz', 'file', true],
    ['tools/jv.tgz', 'file', true],
    ['https://example.test/jv.tgz', 'tarball', true],
    ['github:acme/jv-staging', 'git', false],
    [`git+https://example.test/jv.git#${'a'.repeat(40)}`, 'git', true],
    ['acme/jv-staging#main', 'git', false],
  ])('%s is of kind %s, as npm reads it; pinned: %s', (spec, kind, isPinned) => {
    expect([packageKind(spec), unpinned(spec) === undefined]).toEqual([kind, isPinned]);
  });
});
