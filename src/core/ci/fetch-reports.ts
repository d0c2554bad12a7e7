import type { WorkflowStep } from './steps.ts';

/** Newest runs that reports are fetched from, of each kind: as many nights may lie between a release and its gate. */
const fetchedRuns = 5;

/**
 * Step that brings the reports to the gate. What it reads was measured in other jobs: by the push that put the commit out, and at night. A
 * report that is missing leaves its criterion unknown, which is not passed. GitHub's own program is on its runners (cli.github.com/manual,
 * `gh run list`, `gh run download`, read 2026-11-27); archives keep the paths below the repository's root, so they fall into place.
 */
export const fetchReports: WorkflowStep = {
  name: 'Fetch the reports of this release',
  env: {
    GH_TOKEN: '${{ github.token }}',
    GH_REPO: '${{ github.repository }}',
    COMMIT: '${{ github.event.pull_request.head.sha }}',
  },
  run: [fetchFrom('--event push --commit "$COMMIT"', 'reports'), fetchFrom('--event schedule', 'nightly-reports')].join('\n'),
};

function fetchFrom(which: string, name: string): string {
  const runs = `gh run list --workflow "$GITHUB_WORKFLOW" ${which} --limit ${fetchedRuns} --json databaseId --jq '.[].databaseId'`;
  return `for run in $(${runs}); do gh run download "$run" --name ${name} || echo "No ${name} in run $run."; done`;
}
