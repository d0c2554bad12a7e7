import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { commitFiles, findCommit } from '../builds/git-repository.ts';
import { badRequest, VercelError } from './errors.ts';
import type { DeploymentFile, Project, ProjectLink } from './model.ts';
import type { World } from './world.ts';

/** A connection to a repository, as `POST /projects/{project}/link` takes it; `remote` is the local cloud's own. */
export const linkBody = z.looseObject({
  type: z.string().default('github'),
  repo: z.string().optional(),
  /** `file://` address of a repository on this machine that stands for the one at the provider. */
  remote: z.string().optional(),
});

const sourceBody = z.looseObject({
  type: z.enum(['github', 'github-limited', 'github-custom-host', 'gitlab', 'bitbucket', 'vercel']),
  ref: z.string().nullish(),
  sha: z.string().nullish(),
  repoId: z.coerce.string().nullish(),
  projectId: z.coerce.string().nullish(),
  repoUuid: z.string().nullish(),
  org: z.string().nullish(),
  repo: z.string().nullish(),
  owner: z.string().nullish(),
  slug: z.string().nullish(),
});

/** What a deployment from git is made from. */
export interface GitSource {
  readonly files: readonly DeploymentFile[];
  /** As the vendor shows it in a deployment. */
  readonly gitSource: Readonly<Record<string, unknown>>;
  readonly gitMetadata: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, string>>;
}

/** Returns the connection that a body of `POST /projects/{project}/link` asks for. Throws the vendor's 400. */
export function linkOf(body: z.output<typeof linkBody>, old: ProjectLink | undefined): ProjectLink {
  const remote = body.remote === undefined ? undefined : pathOf(body.remote);
  const named = body.repo ?? (remote === undefined ? '' : `${basename(dirname(remote))}/${basename(remote, '.git')}`);
  const [org, repo] = named.split('/');
  if (!org || !repo) throw badRequest('`repo` is not of the form "owner/name".');
  const productionBranch = old?.productionBranch ?? 'main';
  return { type: body.type, org, repo, repoId: repoIdOf(org, repo), productionBranch, ...(remote === undefined ? {} : { remote }) };
}

function pathOf(remote: string): string {
  if (!remote.startsWith('file:///')) throw badRequest('`remote` is not a `file://` address of a repository on this machine.');
  return fileURLToPath(remote);
}

/** A number for a repository that is the same wherever it is linked. */
function repoIdOf(org: string, repo: string): number {
  return 1 + (createHash('sha256').update(`${org}/${repo}`.toLowerCase()).digest().readUInt32BE() % 999_999_999);
}

/** Reads the commit that a `gitSource` names. Throws the vendor's 400 for a repository or commit that is not there. */
export async function gitSourceOf(world: World, project: Project, asked: Readonly<Record<string, unknown>>): Promise<GitSource> {
  const parsed = sourceBody.safeParse(asked);
  if (!parsed.success)
    throw badRequest(`Invalid request: \`gitSource.${parsed.error.issues[0]?.path.join('.') ?? ''}\` is not as expected.`);
  const source = parsed.data;
  const link = linkFor(world, project, source);
  if (!link) throw wrongSource("The provided GitHub repository can't be found.");
  if (link.remote === undefined) {
    throw wrongSource(
      `The local cloud knows no repository for ${link.org}/${link.repo}: link the project with \`"remote":"file:///path/to/it"\` beside \`repo\`.`,
    );
  }
  const ref = source.ref ?? link.productionBranch;
  const commit = await findCommit(link.remote, source.sha ?? ref);
  if (!commit)
    throw wrongSource(`The ${source.sha ? 'commit' : 'branch'} "${source.sha ?? ref}" can't be found in ${link.org}/${link.repo}.`);
  const files = await commitFiles(link.remote, commit.sha, (content) => world.blobs.add(content));
  const prefix = source.type.split('-')[0] ?? 'github';
  return {
    files,
    gitSource: { type: source.type, repoId: link.repoId, ref, sha: commit.sha, prId: null },
    gitMetadata: {
      remoteUrl: `https://github.com/${link.org}/${link.repo}`,
      commitAuthorName: commit.authorName,
      commitAuthorEmail: commit.authorEmail,
      commitMessage: commit.message,
      commitRef: ref,
      commitSha: commit.sha,
      dirty: false,
    },
    meta: {
      [`${prefix}Deployment`]: '1',
      [`${prefix}Org`]: link.org,
      [`${prefix}Repo`]: link.repo,
      [`${prefix}RepoId`]: String(link.repoId),
      [`${prefix}CommitOrg`]: link.org,
      [`${prefix}CommitRepo`]: link.repo,
      [`${prefix}CommitRef`]: ref,
      [`${prefix}CommitSha`]: commit.sha,
      [`${prefix}CommitMessage`]: commit.message,
      [`${prefix}CommitAuthorName`]: commit.authorName,
    },
  };
}

/** The project's own link when it fits, else that of any project: the vendor knows a repository by the team's access to it. */
function linkFor(world: World, project: Project, source: z.output<typeof sourceBody>): ProjectLink | undefined {
  const id = source.repoId ?? source.projectId ?? source.repoUuid;
  const [org, repo] = [source.org ?? source.owner, source.repo ?? source.slug];
  const fits = (link: ProjectLink) => {
    if (id) return String(link.repoId) === id;
    return link.org.toLowerCase() === org?.toLowerCase() && link.repo.toLowerCase() === repo?.toLowerCase();
  };
  const links = [project, ...world.projects.all()].flatMap((one) => one.link ?? []).filter(fits);
  return links.find((link) => link.remote !== undefined) ?? links[0];
}

function wrongSource(message: string): VercelError {
  return new VercelError(400, 'incorrect_git_source_info', message);
}
