import type { GithubAuthor, GithubComment, GithubItem, GithubRepository, GithubReview, GithubStatus } from './repository.ts';

function user(login: string, type: GithubAuthor['type'] = 'Bot') {
  return { login, id: 1, node_id: `${type}_local`, type, site_admin: false, avatar_url: '', html_url: `https://github.com/${login}` };
}

/** The token's own user is a program, to which GitHub ascribes no part in the repository. */
function authorOf(repository: GithubRepository, author: GithubAuthor | undefined) {
  if (author === undefined) return { user: user(repository.login), author_association: 'NONE' };
  return { user: user(author.login, author.type), author_association: author.association };
}

function pageOf({ owner, name }: GithubRepository): string {
  return `https://github.com/${owner}/${name}`;
}

/** Returns the repository. */
export function repositoryAnswer(repository: GithubRepository) {
  const { owner, name } = repository;
  const html = pageOf(repository);
  return {
    id: 1,
    node_id: 'R_local',
    name,
    full_name: `${owner}/${name}`,
    private: true,
    owner: user(owner),
    html_url: html,
    default_branch: 'main',
  };
}

/** Returns an issue, or a pull request as an issue. */
export function issueAnswer(repository: GithubRepository, base: string, item: GithubItem) {
  const page = `${pageOf(repository)}/${item.pull === undefined ? 'issues' : 'pull'}/${item.number}`;
  const url = `${base}/issues/${item.number}`;
  return {
    ...common(repository, item),
    url,
    html_url: page,
    comments_url: `${url}/comments`,
    state_reason: item.stateReason,
    comments: repository.comments.all().filter(({ number }) => number === item.number).length,
    ...(item.pull === undefined ? {} : { pull_request: { url: `${base}/pulls/${item.number}`, html_url: page } }),
  };
}

/** Returns a pull request. */
export function pullAnswer(repository: GithubRepository, base: string, item: GithubItem) {
  const pull = item.pull ?? { head: '', headSha: '', base: '', draft: false };
  return {
    ...common(repository, item),
    url: `${base}/pulls/${item.number}`,
    html_url: `${pageOf(repository)}/pull/${item.number}`,
    draft: pull.draft,
    merged: false,
    merged_at: null,
    head: { label: `${repository.owner}:${pull.head}`, ref: pull.head, sha: pull.headSha, repo: repositoryAnswer(repository) },
    base: { label: `${repository.owner}:${pull.base}`, ref: pull.base, sha: '', repo: repositoryAnswer(repository) },
  };
}

function common(repository: GithubRepository, item: GithubItem) {
  return {
    id: 1_000_000 + item.number,
    node_id: `I_local${item.number}`,
    number: item.number,
    title: item.title,
    body: item.body,
    state: item.state,
    locked: false,
    labels: item.labels.map((name, index) => ({
      id: index + 1,
      node_id: `LA_${name}`,
      name,
      color: 'ededed',
      default: false,
      description: null,
    })),
    ...authorOf(repository, item.author),
    assignee: null,
    assignees: [],
    milestone: null,
    created_at: item.createdAt,
    updated_at: item.updatedAt,
    closed_at: item.closedAt,
  };
}

/** Returns a comment. */
export function commentAnswer(repository: GithubRepository, base: string, comment: GithubComment) {
  return {
    id: comment.id,
    node_id: `IC_local${comment.id}`,
    url: `${base}/issues/comments/${comment.id}`,
    issue_url: `${base}/issues/${comment.number}`,
    html_url: `${pageOf(repository)}/issues/${comment.number}#issuecomment-${comment.id}`,
    body: comment.body,
    ...authorOf(repository, comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
  };
}

/** Returns a status. */
export function statusAnswer(repository: GithubRepository, base: string, status: GithubStatus) {
  const { id, sha, state, targetUrl, description, context, createdAt } = status;
  return {
    url: `${base}/statuses/${sha}`,
    id,
    node_id: `SC_local${id}`,
    state,
    description,
    target_url: targetUrl,
    context,
    created_at: createdAt,
    updated_at: createdAt,
    creator: user(repository.login),
  };
}

/** Returns a review. */
export function reviewAnswer(repository: GithubRepository, review: GithubReview) {
  const { id, number, state, body, commitId, submittedAt } = review;
  const page = `${pageOf(repository)}/pull/${number}#pullrequestreview-${id}`;
  return {
    id,
    node_id: `PRR_local${id}`,
    user: user(repository.login),
    body,
    state,
    html_url: page,
    commit_id: commitId,
    submitted_at: submittedAt,
  };
}
