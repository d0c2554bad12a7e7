import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { VercelError } from './errors.ts';
import type { ProjectDomain } from './model.ts';
import type { World } from './world.ts';
import { uniqueTime } from './world.ts';

/** A domain name as clients send it. */
export const hostName = z
  .string()
  .max(253)
  .regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/, 'a domain name in lower case');

/**
 * Domains that another account of the vendor uses already, so that the proof by TXT record can be tried: everything below
 * `taken.example`. All other domains are free, and as at the vendor a free one needs no proof.
 */
const takenElsewhere: readonly string[] = ['taken.example'];

/** Returns the part of a domain name that is bought: its last two labels. */
export function apexOf(name: string): string {
  return name.split('.').slice(-2).join('.');
}

/** Returns whether a new domain counts as ours, and the challenge to prove it by where it does not. */
export function ownershipOf(world: World, name: string): Pick<ProjectDomain, 'verified' | 'challenge'> {
  const apex = apexOf(name);
  const proven = world.domains.all().some((domain) => domain.verified && apexOf(domain.name) === apex);
  if (proven || !takenElsewhere.includes(apex)) return { verified: true };
  return { verified: false, challenge: `vc-domain-verify=${name},${randomBytes(10).toString('hex')}` };
}

/** Returns the host name that the TXT record of a challenge is looked for at. */
export function challengeHost(name: string): string {
  return `_vercel.${apexOf(name)}`;
}

/** Returns a domain as proven by its TXT record. Throws the vendor's 400 when the record is missing or another. */
export function provenDomain(world: World, domain: ProjectDomain): ProjectDomain {
  if (domain.verified) return domain;
  const apex = apexOf(domain.name);
  const values = world.dnsRecords
    .all()
    .filter((record) => record.domain === apex && record.name === '_vercel' && record.type === 'TXT')
    .map((record) => record.value.replaceAll('"', ''));
  if (domain.challenge !== undefined && values.includes(domain.challenge)) return { ...domain, verified: true, updatedAt: uniqueTime() };
  const code = values.length === 0 ? 'missing_txt_record' : 'unmatched_txt_record';
  throw new VercelError(400, code, `Domain ${challengeHost(domain.name)} is missing required TXT Record "${domain.challenge}"`, {
    project: { id: domain.projectId, name: world.projects.get(domain.projectId)?.name ?? '' },
  });
}

/** A project's domain brings the domain that it is part of into the account, once it is proven. */
export async function joinAccount(world: World, domain: ProjectDomain): Promise<void> {
  const apex = apexOf(domain.name);
  if (!domain.verified || apex === 'vercel.app' || world.accountDomains.get(apex)) return;
  await world.accountDomains.put(apex, { name: apex, createdAt: uniqueTime() });
}

/** Returns a project domain as the vendor answers it. */
export function domainShape(domain: ProjectDomain) {
  return {
    name: domain.name,
    apexName: apexOf(domain.name),
    projectId: domain.projectId,
    redirect: domain.redirect ?? null,
    redirectStatusCode: domain.redirectStatusCode ?? null,
    gitBranch: domain.gitBranch ?? null,
    customEnvironmentId: domain.customEnvironmentId ?? null,
    createdAt: domain.createdAt,
    updatedAt: domain.updatedAt,
    verified: domain.verified,
    ...(domain.verified || domain.challenge === undefined
      ? {}
      : {
          verification: [
            { type: 'TXT', domain: challengeHost(domain.name), value: domain.challenge, reason: 'pending_domain_verification' },
          ],
        }),
  };
}
