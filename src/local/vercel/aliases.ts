import { z } from 'zod';
import { notFound, VercelError } from './errors.ts';
import type { VercelApp } from './http.ts';
import { readBody } from './http.ts';
import { page } from './paging.ts';
import { aliasShape } from './shapes.ts';
import type { World } from './world.ts';
import { aliasesOf, assignAlias, deploymentOf } from './world.ts';

const aliasBody = z.looseObject({
  alias: z
    .string()
    .max(253)
    .transform((alias) => alias.toLowerCase().replace(/^https?:\/\//, '')),
});

/** Adds aliases: list, assign, read, delete. */
export function addAliasRoutes(app: VercelApp, world: World, onChange: () => Promise<void>): void {
  app.get('/deployments/:deployment/aliases', (c) => {
    const deployment = deploymentOf(world, c.req.param('deployment'));
    return c.json({ aliases: aliasesOf(world, deployment.id).map((alias) => aliasShape(world, alias)) });
  });
  app.post('/deployments/:deployment/aliases', async (c) => {
    const body = await readBody(c, aliasBody);
    const deployment = deploymentOf(world, c.req.param('deployment'));
    if (deployment.readyState !== 'READY') throw new VercelError(400, 'deployment_not_ready', 'The deployment is not ready.');
    const name = aliasName(body.alias);
    const owner = world.domains.get(name)?.projectId ?? world.aliases.get(name)?.projectId;
    if (owner && owner !== deployment.projectId)
      throw new VercelError(409, 'alias_in_use', `The alias ${name} belongs to another project.`);
    const { alias, oldDeploymentId } = await assignAlias(world, name, deployment);
    await onChange();
    return c.json({
      uid: alias.uid,
      alias: alias.alias,
      created: new Date(alias.createdAt).toISOString(),
      ...(oldDeploymentId && oldDeploymentId !== deployment.id ? { oldDeploymentId } : {}),
    });
  });
  app.get('/aliases', (c) => {
    const { projectId, domain } = c.req.query();
    const shown = world.aliases
      .all()
      .filter((alias) => !projectId || alias.projectId === projectId)
      .filter((alias) => !domain || alias.alias === domain);
    const { items, pagination } = page(shown, c.req.query());
    return c.json({ aliases: items.map((alias) => aliasShape(world, alias)), pagination });
  });
  app.get('/aliases/:alias', (c) => c.json(aliasShape(world, find(world, c.req.param('alias')))));
  app.delete('/aliases/:alias', async (c) => {
    await world.aliases.delete(find(world, c.req.param('alias')).alias);
    await onChange();
    return c.json({ status: 'SUCCESS' });
  });
}

function find(world: World, idOrName: string) {
  const alias = world.aliases.get(idOrName) ?? world.aliases.all().find((one) => one.uid === idOrName);
  if (!alias) throw notFound('The alias could not be found.');
  return alias;
}

/** A bare word is short for `<word>.vercel.app`. Throws the vendor's 400 for what is no host name. */
function aliasName(alias: string): string {
  const name = alias.includes('.') ? alias : `${alias}.vercel.app`;
  if (!/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/.test(name))
    throw new VercelError(400, 'invalid_alias', `"${alias}" is not a host name.`);
  return name;
}
