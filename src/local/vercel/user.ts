import { notFound } from './errors.ts';
import type { VercelApp } from './http.ts';
import { teamShape, userShape } from './shapes.ts';
import type { World } from './world.ts';

/** Adds the user and the teams. */
export function addUserRoutes(app: VercelApp, { team }: World): void {
  app.get('/user', (c) => c.json({ user: userShape(team) }));
  app.get('/teams', (c) => c.json({ teams: [teamShape(team)], pagination: { count: 1, next: null, prev: null } }));
  app.get('/teams/:idOrSlug', (c) => {
    const asked = c.req.param('idOrSlug');
    if (asked !== team.id && asked !== team.slug) throw notFound('Team not found.');
    return c.json(teamShape(team));
  });
}
