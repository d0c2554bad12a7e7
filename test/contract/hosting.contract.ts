import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type {
  Deployment,
  Deployments,
  DomainMoves,
  HostingProject,
  HostingProjects,
  UploadProgress,
} from '../../src/core/ports/hosting.ts';

/** A hosting platform under test. */
export interface HostingUnderTest {
  readonly projects: HostingProjects;
  readonly deployments: Deployments;
  readonly moves: DomainMoves;
  /** Returns a new build output folder whose content has this text in it. */
  newOutput(text: string): Promise<string>;
  close(): Promise<void>;
}

/** What every hosting platform must do, the fake and the real one alike. */
export function hostingContract(name: string, open: () => Promise<HostingUnderTest>): void {
  const { signal } = new AbortController();
  let platform: HostingUnderTest;
  let project: HostingProject;

  const newName = () => `jv-test-${randomBytes(4).toString('hex')}`;
  const newProject = (projectName = newName()) =>
    platform.projects.create({ name: projectName, region: 'iad1', nodeVersion: '24.x' }, signal);
  const newDomain = async () => {
    const domain = `${newName()}.example.com`;
    await platform.projects.addDomain(project.id, domain, signal);
    return domain;
  };
  const ready = async (deployment: Deployment): Promise<Deployment> => {
    for (let looks = 0; looks < 200; looks += 1) {
      const current = await platform.deployments.get(deployment.id, signal);
      if (current.state === 'ready') return current;
      if (current.state === 'error') throw new Error(`The deployment failed: ${current.failure ?? ''}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('The deployment does not become ready.');
  };
  const deploy = async (meta: Readonly<Record<string, string>> = {}, outputDir?: string, seen: UploadProgress[] = []) => {
    const output = outputDir ?? (await platform.newOutput(newName()));
    const wanted = { projectId: project.id, projectName: project.name, outputDir: output, meta };
    return ready(await platform.deployments.create(wanted, (progress) => seen.push(progress), signal));
  };

  describe(name, () => {
    beforeAll(async () => {
      platform = await open();
    });
    afterAll(() => platform.close());
    beforeEach(async () => {
      project = await newProject();
    });

    test('a project is found by its exact name, not by its id, and not before it exists', async () => {
      await expect(platform.projects.find(newName(), signal)).resolves.toBeUndefined();
      await expect(platform.projects.find(project.name, signal)).resolves.toEqual(project);
      await expect(platform.projects.find(project.id, signal)).resolves.toBeUndefined();
      expect(project.autoAssignDomains).toBe(true);
    });

    test('a second project of the same name is refused', async () => {
      await expect(newProject(project.name)).rejects.toMatchObject({ code: 'VERCEL_NAME_TAKEN', exitCode: 6 });
    });

    test('variables are created, replaced by name, and listed with their fingerprints', async () => {
      const fingerprints = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
      const variable = (variableName: string, at: number, kind: 'public' | 'secret') => ({
        name: variableName,
        value: `v${at}`,
        class: kind,
        fingerprint: fingerprints[at] ?? '',
      });

      const first = await platform.projects.setVariables(project.id, [variable('A', 0, 'public'), variable('B', 1, 'secret')], signal);
      const second = await platform.projects.setVariables(project.id, [variable('B', 2, 'secret')], signal);

      expect([first, second]).toEqual([['A', 'B'], ['B']]);
      const readable = await platform.projects.readableValues(project.id, signal);
      expect(Object.keys(readable)).toEqual(['A']);
      const listed = await platform.projects.variables(project.id, signal);
      expect(listed.toSorted((left, right) => (left.name < right.name ? -1 : 1))).toEqual([
        { name: 'A', fingerprint: fingerprints[0], updatedAtMs: expect.any(Number) },
        { name: 'B', fingerprint: fingerprints[2], updatedAtMs: expect.any(Number) },
      ]);
    });

    test('no variables are written without a call', async () => {
      await expect(platform.projects.setVariables(project.id, [], signal)).resolves.toEqual([]);
      await expect(platform.projects.variables(project.id, signal)).resolves.toEqual([]);
    });

    test('a domain is found once it is added, and only on its own project', async () => {
      const domain = `${newName()}.example.com`;
      const other = await newProject();

      await expect(platform.projects.findDomain(project.id, domain, signal)).resolves.toBeUndefined();
      await expect(platform.projects.addDomain(project.id, domain, signal)).resolves.toEqual({ name: domain, verified: true });
      await expect(platform.projects.findDomain(project.id, domain, signal)).resolves.toEqual({ name: domain, verified: true });
      await expect(platform.projects.findDomain(other.id, domain, signal)).resolves.toBeUndefined();
      await expect(platform.projects.addDomain(other.id, domain, signal)).rejects.toMatchObject({ kind: 'vendor' });
    });

    test('a folder without build output is not deployed', async () => {
      const wanted = { projectId: project.id, projectName: project.name, outputDir: '/nonexistent/output', meta: {} };

      await expect(platform.deployments.create(wanted, () => undefined, signal)).rejects.toMatchObject({
        kind: 'missing',
        code: 'DEPLOY_OUTPUT_MISSING',
      });
    });

    test('a deployment becomes ready, keeps its meta, and has an address of its own', async () => {
      const meta = { jvRelease: newName(), githubCommitSha: 'f'.repeat(40) };

      const deployment = await deploy(meta);

      expect(deployment).toMatchObject({
        state: 'ready',
        url: expect.stringMatching(/^https?:\/\/[^/]+$/),
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      expect(deployment.meta).toMatchObject(meta);
    });

    test('a deployment is found by its id, and one that is not there is no error', async () => {
      const deployment = await deploy({});

      await expect(platform.deployments.find(deployment.id, signal)).resolves.toMatchObject({ id: deployment.id, state: 'ready' });
      await expect(platform.deployments.find('dpl_gone', signal)).resolves.toBeUndefined();
    });

    test('content that was uploaded once is not sent again', async () => {
      const output = await platform.newOutput(newName());
      const [first, second]: UploadProgress[][] = [[], []];

      await deploy({}, output, first);
      await deploy({}, output, second);

      expect(first?.at(-1)?.filesToSend).toBeGreaterThan(0);
      expect(first?.at(-1)?.sent).toBe(first?.at(-1)?.filesToSend);
      expect(second?.at(-1)).toMatchObject({ filesToSend: 0, sent: 0, bytesToSend: 0 });
    });

    test('an unknown deployment is an error, not an empty answer', async () => {
      await expect(platform.deployments.get('dpl_doesnotexist', signal)).rejects.toMatchObject({
        kind: 'vendor',
        code: 'VERCEL_REQUEST_FAILED',
      });
    });

    test('a deployment does not take the domain until it is promoted', async () => {
      const domain = await newDomain();
      const first = await deploy();
      await expect(platform.deployments.live(project.id, domain, signal)).resolves.toBeUndefined();

      await platform.moves.promote(project.id, first.id, signal);
      await deploy();

      await expect(platform.deployments.live(project.id, domain, signal)).resolves.toMatchObject({ id: first.id, state: 'ready' });
    });

    test('promote moves forward, rollback moves back and pins, and the pin can be undone', async () => {
      const domain = await newDomain();
      const first = await deploy();
      const second = await deploy();
      const live = async () => (await platform.deployments.live(project.id, domain, signal))?.id;
      const assigns = async () => (await platform.projects.find(project.name, signal))?.autoAssignDomains;

      await platform.moves.promote(project.id, first.id, signal);
      await platform.moves.promote(project.id, second.id, signal);
      const [promoted, free] = [await live(), await assigns()];
      await platform.moves.rollback(project.id, first.id, signal);
      const [rolledBack, pinned] = [await live(), await assigns()];
      await platform.projects.setAutoAssignDomains(project.id, true, signal);

      expect([promoted, free]).toEqual([second.id, true]);
      expect([rolledBack, pinned]).toEqual([first.id, false]);
      expect(await assigns()).toBe(true);
    });

    test('promoting what is live already changes nothing', async () => {
      const domain = await newDomain();
      const deployment = await deploy();

      await platform.moves.promote(project.id, deployment.id, signal);
      await platform.moves.promote(project.id, deployment.id, signal);

      await expect(platform.deployments.live(project.id, domain, signal)).resolves.toMatchObject({ id: deployment.id });
    });

    test('an unknown deployment is not promoted', async () => {
      await expect(platform.moves.promote(project.id, 'dpl_doesnotexist', signal)).rejects.toMatchObject({ kind: 'vendor' });
    });

    test('deployments are found by all of their meta, newest first', async () => {
      const release = newName();
      const older = await deploy({ jvRelease: release, part: 'a' });
      const newer = await deploy({ jvRelease: release, part: 'b' });

      const both = await platform.deployments.findByMeta(project.id, { jvRelease: release }, signal);
      const one = await platform.deployments.findByMeta(project.id, { jvRelease: release, part: 'a' }, signal);

      expect(both.map((deployment) => deployment.id)).toEqual([newer.id, older.id]);
      expect(one.map((deployment) => deployment.id)).toEqual([older.id]);
      await expect(platform.deployments.findByMeta(project.id, { jvRelease: newName() }, signal)).resolves.toEqual([]);
    });
  });
}
