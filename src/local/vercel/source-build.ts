import type { SourceBuilds } from '../builds/source-builds.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { DeploymentDoc, DeploymentFile, DeploymentSource } from './model.ts';
import type { World } from './world.ts';

/** Says whether files are Build Output already, with nothing to build. */
export function isPrebuilt(files: readonly DeploymentFile[]): boolean {
  return files.some(({ file }) => file === '.vercel/output/config.json');
}

/** Returns the files that a deployment runs from: what was built from its sources, or what was uploaded. */
export function runFilesOf(world: World, id: string): readonly DeploymentFile[] | undefined {
  return world.outputs.get(id)?.files ?? world.sources.get(id)?.files;
}

/** What a build is done with. */
export interface SourceBuildWork {
  readonly world: World;
  readonly builds: SourceBuilds;
  readonly runtime: Runtime;
  /** Writes down how far the deployment is. */
  readonly reach: (state: 'INITIALIZING' | 'BUILDING') => Promise<unknown>;
}

/** Builds a deployment from its sources and keeps the result; returns its files. Throws `BuildFailure`. */
export async function buildFromSource(
  { world, builds, runtime, reach }: SourceBuildWork,
  deployment: DeploymentDoc,
  source: DeploymentSource,
  signal: AbortSignal,
): Promise<readonly DeploymentFile[]> {
  const { id } = deployment;
  const files = await builds.build(
    {
      id,
      files: source.files,
      settings: [world.projects.get(deployment.projectId)?.settings ?? {}, deployment.projectSettings],
      env: source.buildEnv ?? {},
      onLine: (stream, text) => runtime.note(id, text, stream),
      onUnpacking: async () => {
        await reach('INITIALIZING');
        runtime.note(id, cloningLine(deployment, source));
      },
      onBuilding: () => reach('BUILDING'),
    },
    signal,
  );
  await world.outputs.put(id, { files });
  return files;
}

function cloningLine(deployment: DeploymentDoc, source: DeploymentSource): string {
  const git = deployment.gitMetadata;
  const [from, ref, sha] = [git?.['remoteUrl'], git?.['commitRef'], git?.['commitSha']];
  if (deployment.gitSource === undefined) return `Downloading ${source.files.length} deployment files...`;
  return `Cloning ${String(from)} (Branch: ${String(ref)}, Commit: ${String(sha).slice(0, 7)})`;
}
