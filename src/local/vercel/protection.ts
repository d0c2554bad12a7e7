import { z } from 'zod';
import type { DeploymentDoc, Project } from './model.ts';
import type { World } from './world.ts';

/** What the vendor calls the scopes of its login wall (API reference of updateProject, `ssoProtection.deploymentType`). */
export const wallSettings = z.object({
  ssoProtection: z
    .looseObject({ deploymentType: z.enum(['all', 'preview', 'prod_deployment_urls_and_all_previews', 'all_except_custom_domains']) })
    .nullish(),
  optionsAllowlist: z.looseObject({ paths: z.array(z.looseObject({ value: z.string().startsWith('/') })) }).nullish(),
});
type WallSettings = z.output<typeof wallSettings>;

/** A login wall in front of a host name, and what passes it. */
export interface Wall {
  /** Secrets of automation: as header, query parameter or cookie. */
  readonly secrets: readonly string[];
  /** Paths whose OPTIONS requests pass. */
  readonly openPaths: readonly string[];
}

/** Settings by the project they were read from: a changed project is another object. */
const known = new WeakMap<Project, WallSettings>();

/** Returns the login wall in front of a deployment at a host name, or undefined where there is none. Asked for every request. */
export function wallOf(world: World, deployment: DeploymentDoc, host: string): Wall | undefined {
  const project = world.projects.get(deployment.projectId);
  if (!project) return undefined;
  const settings = known.get(project) ?? wallSettings.safeParse(project.settings).data ?? {};
  known.set(project, settings);
  const scope = settings.ssoProtection?.deploymentType;
  if (scope === undefined || !isInside(scope, deployment, world.domains.get(host)?.name)) return undefined;
  return { secrets: Object.keys(project.protectionBypass), openPaths: settings.optionsAllowlist?.paths.map(({ value }) => value) ?? [] };
}

/** `domain` is the host name where it is one of the project's domains. */
function isInside(
  scope: NonNullable<WallSettings['ssoProtection']>['deploymentType'],
  deployment: DeploymentDoc,
  domain: string | undefined,
): boolean {
  const isProduction = deployment.target === 'production';
  switch (scope) {
    case 'all':
      return true;
    case 'preview':
      return !isProduction;
    case 'prod_deployment_urls_and_all_previews':
      return !isProduction || domain === undefined;
    case 'all_except_custom_domains':
      return !isProduction || domain === undefined || domain.endsWith('.vercel.app');
  }
}
