import { badRequest, VercelError } from './errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { VercelApp, VercelContext } from './http.ts';
import { readBody } from './http.ts';
import type { DeploymentDoc } from './model.ts';
import { createDeployment, deploymentBody } from './new-deployment.ts';
import type { Pipeline } from './pipeline.ts';
import { openStates } from './pipeline.ts';
import { deploymentShape, listedDeployment } from './deployment-shapes.ts';
import { page } from './paging.ts';
import type { World } from './world.ts';
import { aliasesOf, deploymentOf } from './world.ts';

/** Adds deployments: create, list, read, events, cancel, delete. */
export function addDeploymentRoutes(
  app: VercelApp,
  world: World,
  pipeline: Pipeline,
  runtime: Runtime,
  onChange: () => Promise<void>,
): void {
  app.post('/deployments', async (c) => {
    const body = await readBody(c, deploymentBody);
    const deployment = await createDeployment(world, body, c.req.query('skipDomain') === '1' || c.req.query('skipDomain') === 'true');
    pipeline.begin(deployment);
    return c.json(deploymentShape(world, deployment));
  });

  app.get('/deployments', (c) => {
    const { items, pagination } = page(selected(world, c), c.req.query());
    return c.json({ deployments: items.map((deployment) => listedDeployment(world, deployment)), pagination });
  });

  app.get('/deployments/get', (c) => c.json(deploymentShape(world, deploymentOf(world, c.req.query('url') ?? ''))));
  app.get('/deployments/:deployment', (c) => c.json(deploymentShape(world, deploymentOf(world, c.req.param('deployment')))));

  app.patch('/deployments/:deployment/cancel', async (c) => {
    const deployment = deploymentOf(world, c.req.param('deployment'));
    if (!openStates.has(deployment.readyState)) {
      throw badRequest(`The deployment is ${deployment.readyState}: only one that is queued or building can be canceled.`);
    }
    const canceled: DeploymentDoc = { ...deployment, readyState: 'CANCELED', ready: Date.now() };
    await world.deployments.put(deployment.id, canceled);
    pipeline.cancel(deployment.id);
    return c.json(deploymentShape(world, canceled));
  });

  app.delete('/deployments/:deployment', async (c) => {
    const deployment = deploymentOf(world, c.req.query('url') ?? c.req.param('deployment'));
    for (const alias of aliasesOf(world, deployment.id)) await world.aliases.delete(alias.alias);
    pipeline.cancel(deployment.id);
    await world.deployments.delete(deployment.id);
    await world.sources.delete(deployment.id);
    await world.outputs.delete(deployment.id);
    await runtime.discard(deployment.id);
    await onChange();
    return c.json({ uid: deployment.id, state: 'DELETED' });
  });
}

/** Applies the list's filters: projectId, app, target, state, branch, sha, rollbackCandidate and `meta-<key>=<value>`. */
function selected(world: World, c: VercelContext): DeploymentDoc[] {
  const query = c.req.query();
  const project = query['projectId'] ?? query['app'];
  const projectId =
    project === undefined ? undefined : (world.projects.all().find((one) => one.id === project || one.name === project)?.id ?? '');
  const states = query['state']?.split(',');
  const meta = Object.entries(query).filter(([key]) => key.startsWith('meta-'));
  const checks: ((deployment: DeploymentDoc) => boolean)[] = [
    (one) => projectId === undefined || one.projectId === projectId,
    (one) => !query['target'] || one.target === query['target'],
    (one) => !states || states.includes(one.readyState),
    (one) => !query['sha'] || one.gitMetadata?.['commitSha'] === query['sha'] || one.meta['githubCommitSha'] === query['sha'],
    (one) => !query['branch'] || one.gitMetadata?.['commitRef'] === query['branch'] || one.meta['githubCommitRef'] === query['branch'],
    (one) => query['rollbackCandidate'] !== 'true' || (one.target === 'production' && one.readyState === 'READY'),
    (one) => meta.every(([key, value]) => one.meta[key.slice('meta-'.length)] === value),
  ];
  for (const name of ['since', 'until', 'limit']) {
    if (query[name] !== undefined && !Number.isFinite(Number(query[name])))
      throw new VercelError(400, 'bad_request', `\`${name}\` is not a number.`);
  }
  return world.deployments.all().filter((deployment) => checks.every((check) => check(deployment)));
}
