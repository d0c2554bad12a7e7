import type { Hono } from 'hono';
import { z } from 'zod';
import type { ManagementOptions } from './context.ts';
import { body, ManagementError } from './management-error.ts';
import { listedProject } from './shapes.ts';

const profile = { gotrue_id: '00000000-0000-4000-8000-000000000001', primary_email: 'local@jv-staging.invalid', username: 'jv-local' };

const organizationBody = z.object({ name: z.string().min(1).max(256) });

/** Adds who is asking, the organisations, and what belongs to each. */
export function addOrganizations(app: Hono, options: ManagementOptions): void {
  const { organizations, projects } = options;
  const existing = (slug: string) => {
    const organization = organizations.get(slug);
    if (organization === undefined) throw new ManagementError(404, `Organization ${slug} not found`);
    return organization;
  };
  app.get('/v1/profile', (c) => c.json(profile));
  app.get('/v1/organizations', (c) => c.json(organizations.all()));
  app.post('/v1/organizations', async (c) => c.json(await organizations.create((await body(c, organizationBody)).name), 201));
  app.get('/v1/organizations/:slug', (c) => {
    const { slug, name } = existing(c.req.param('slug'));
    return c.json({ id: slug, name, plan: 'pro', opt_in_tags: [], allowed_release_channels: ['ga'] });
  });
  app.get('/v1/organizations/:slug/members', (c) => {
    existing(c.req.param('slug'));
    const { gotrue_id: id, primary_email: email, username } = profile;
    return c.json([{ user_id: id, user_name: username, email, role_name: 'Owner', mfa_enabled: false }]);
  });
  app.get('/v1/organizations/:slug/projects', (c) => {
    const { slug } = existing(c.req.param('slug'));
    const offset = pageNumber(c.req.query('offset'), 0);
    const limit = Math.min(100, pageNumber(c.req.query('limit'), 100));
    const all = projects.all().filter((project) => project.organization === slug);
    const page = all.slice(offset, offset + limit).map(listedProject);
    return c.json({ projects: page, pagination: { count: all.length, limit, offset } });
  });
}

function pageNumber(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d{1,6}$/.test(text)) throw new ManagementError(400, `${text} is no number from 0 on`);
  return Number(text);
}
