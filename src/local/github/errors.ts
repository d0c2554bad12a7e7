/** An answer of GitHub other than success (docs.github.com/rest, "Troubleshooting", read 2026-11-22). */
export class GithubError extends Error {
  readonly status: 400 | 401 | 404 | 421 | 422;
  readonly problems: readonly { readonly resource: string; readonly field: string; readonly code: string }[];

  constructor(status: GithubError['status'], message: string, problems: GithubError['problems'] = []) {
    super(message);
    this.status = status;
    this.problems = problems;
  }
}

/** Returns the error for a field that is missing or not allowed. */
export function invalidField(resource: string, field: string, code: 'missing_field' | 'invalid' | 'custom' = 'missing_field'): GithubError {
  return new GithubError(422, 'Validation Failed', [{ resource, field, code }]);
}
