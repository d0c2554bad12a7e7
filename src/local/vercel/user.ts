import { notFound } from './errors.ts';
import type { VercelApp } from './http.ts';
import { teamShape, userShape } from './shapes.ts';
import type { World } from './world.ts';

/** Adds the user and the teams. */
export function addUserRoutes(app: VercelApp, { team }: World): void {
  app.get('/user', (c) => c.json({ user: userShape(team) }));
  app.get('/user/tokens/:id', (c) => {
    if (c.req.param('id') !== 'current') throw notFound('The token was not found.');
    const scopes = [{ type: 'team', teamId: team.id, origin: 'manual', createdAt: team.createdAt }];
    const times = { activeAt: Date.now(), createdAt: team.createdAt };
    return c.json({ token: { id: 'jvlocal', name: 'jv-staging local', type: 'oauth2-token', origin: 'manual', scopes, ...times } });
  });
  app.get('/teams', (c) => c.json({ teams: [teamShape(team)], pagination: { count: 1, next: null, prev: null } }));
  app.get('/teams/:idOrSlug', (c) => {
    const asked = c.req.param('idOrSlug');
    if (asked !== team.id && asked !== team.slug) throw notFound('Team not found.');
    return c.json(teamShape(team));
  });
}
