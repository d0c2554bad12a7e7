import type { Hono } from 'hono';
import { findLints, type AdvisorKind } from '../advisors/find-lints.ts';
import { activeProjectOf, type ManagementOptions } from './context.ts';
import { asManagementError } from './run-query.ts';

/** Adds the advisors: what the project's own catalog says about security and performance, found at each request. */
export function addAdvisors(app: Hono, options: ManagementOptions): void {
  const kinds: readonly AdvisorKind[] = ['security', 'performance'];
  for (const kind of kinds) {
    app.get(`/v1/projects/:ref/advisors/${kind}`, async (c) => {
      const project = activeProjectOf(options, c);
      const lints = await findLints(options.cluster.superuserUrl(project.ref), kind).catch((error: unknown) => {
        throw asManagementError(error);
      });
      return c.json({ lints });
    });
  }
}
