import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { DomainMoves } from './domain-moves.ts';
import { badRequest, notFound, VercelError } from './errors.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import type { ProtectionBypass } from './model.ts';
import { userId } from './deployment-shapes.ts';
import type { World } from './world.ts';
import { deploymentOf, productionDomains, projectOf, uniqueTime } from './world.ts';

/** Adds promote, rollback and how they went. */
export function addPromoteRoutes(app: VercelApp, world: World, moves: DomainMoves): void {
  const pick = (projectName: string, deploymentId: string) => {
    const project = projectOf(world, projectName);
    const deployment = deploymentOf(world, deploymentId);
    if (deployment.projectId !== project.id) throw notFound('The deployment could not be found.');
    if (deployment.target !== 'production') {
      throw new VercelError(
        422,
        'unprocessable_entity',
        'The deployment was not made for production: it cannot take the production domains.',
      );
    }
    return { project, deployment };
  };

  app.post('/projects/:project/promote/:deployment', async (c) => {
    const { project, deployment } = pick(c.req.param('project'), c.req.param('deployment'));
    await moves.begin(project, deployment, 'promote');
    return c.body(null, 201);
  });
  app.post('/projects/:project/rollback/:deployment', async (c) => {
    const { project, deployment } = pick(c.req.param('project'), c.req.param('deployment'));
    await moves.begin(project, deployment, 'rollback');
    return c.body(null, 201);
  });
  app.patch('/projects/:project/rollback/:deployment/update-description', (c) => c.body(null, 200));
  app.get('/projects/:project/promote/aliases', (c) => {
    const project = projectOf(world, c.req.param('project'));
    const status = project.lastAliasRequest?.jobStatus ?? 'skipped';
    const all = productionDomains(world, project.id).map((alias) => ({ alias, status, id: alias }));
    const aliases = c.req.query('failedOnly') === 'true' ? all.filter((one) => one.status === 'failed') : all;
    return c.json({ aliases, pagination: { count: aliases.length, next: null, prev: null } });
  });
}

const protectionChange = z.looseObject({
  generate: z
    .looseObject({
      secret: z
        .string()
        .regex(/^[A-Za-z0-9]{32}$/, '32 letters and digits')
        .optional(),
      note: z.string().optional(),
    })
    .optional(),
  revoke: z.looseObject({ secret: z.string(), regenerate: z.boolean().optional() }).optional(),
});

/** Adds the secrets that let automation through deployment protection. */
export function addProtectionRoutes(app: VercelApp, world: World): void {
  app.patch('/projects/:project/protection-bypass', async (c) => {
    const body = await readBody(c, protectionChange);
    const project = projectOf(world, c.req.param('project'));
    const secrets: Record<string, ProtectionBypass> = { ...project.protectionBypass };
    if (body.revoke && !secrets[body.revoke.secret]) throw badRequest('The secret to revoke does not exist.');
    if (body.revoke) delete secrets[body.revoke.secret];
    if (body.generate || body.revoke?.regenerate || !body.revoke) {
      const secret = body.generate?.secret ?? randomBytes(16).toString('hex');
      secrets[secret] = {
        createdAt: uniqueTime(),
        createdBy: userId,
        scope: 'automation-bypass',
        isEnvVar: true,
        note: body.generate?.note,
      };
    }
    await world.projects.put(project.id, { ...project, protectionBypass: secrets, updatedAt: uniqueTime() });
    return c.json({ protectionBypass: secrets });
  });
}
