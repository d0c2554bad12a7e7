import { vercelRegionCodes } from '../regions.ts';
import type { Repository } from './repository.ts';

/** What a configuration needs and a repository may not say. */
export const answerNames = ['name', 'productionDomain', 'domain', 'branch', 'region'] as const;

/** The name of an answer. */
export type AnswerName = (typeof answerNames)[number];

/** Every answer. */
export type Answers = Readonly<Record<AnswerName, string>>;

/** An answer and where it comes from, as a person reads it. */
export interface GivenAnswer {
  readonly name: AnswerName;
  readonly value: string;
  readonly from: string;
}

/** What is known of one answer before anybody is asked. */
export interface Suggestion {
  readonly name: AnswerName;
  /** What to ask, without the question mark. */
  readonly question: string;
  readonly value: string;
  /** Where the value comes from, as a person reads it: `package.json`, `a guess`. */
  readonly from: string;
  /** True: it was found in the repository, so nobody needs to be asked. */
  readonly found: boolean;
}

/** Returns the flag that gives an answer: `--production-domain`. */
export function flagOf(name: AnswerName): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Returns what is suggested for the first answer that is still open, or undefined when all are given. Later ones go by earlier ones. */
export function nextSuggestion(repository: Repository, given: Partial<Answers>): Suggestion | undefined {
  const open = answerNames.find((name) => given[name] === undefined);
  return open === undefined ? undefined : { name: open, question: questions[open], ...suggest[open](repository, given) };
}

/** Returns what is wrong with an answer, as what was expected; undefined when nothing is. */
export function answerProblem(name: AnswerName, value: string): string | undefined {
  return patterns[name].test(value) && (name !== 'region' || vercelRegionCodes.includes(value)) ? undefined : expectations[name];
}

const questions: Readonly<Record<AnswerName, string>> = {
  name: 'Name of the staging project (at Vercel, Supabase and Upstash)',
  productionDomain: 'Domain of production, which is never touched',
  domain: 'Domain of staging',
  branch: 'Branch that is staged',
  region: 'Region of Vercel; database and Redis go near it',
};

const hostname = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;

const patterns: Readonly<Record<AnswerName, RegExp>> = {
  name: /^[a-z0-9][a-z0-9-]*$/,
  productionDomain: hostname,
  domain: hostname,
  branch: /^[^\s~^:?*[\\]+$/,
  region: /^[a-z]{3}\d$/,
};

const expectations: Readonly<Record<AnswerName, string>> = {
  name: 'lower-case letters, digits and hyphens',
  productionDomain: 'a host name such as www.example.com',
  domain: 'a host name such as staging.example.com',
  branch: 'the name of a branch',
  region: `one of ${vercelRegionCodes.join(', ')}`,
};

type Suggested = Pick<Suggestion, 'value' | 'from' | 'found'>;

const suggest: Readonly<Record<AnswerName, (repository: Repository, given: Partial<Answers>) => Suggested>> = {
  name: (repository) => {
    const { vercel, packageName } = repository;
    if (vercel.project !== undefined && !vercel.project.startsWith('prj_'))
      return { value: stagingName(vercel.project), from: '.vercel/project.json', found: true };
    if (packageName !== undefined) return { value: stagingName(packageName), from: 'package.json', found: true };
    return { value: stagingName(folderName(repository)), from: 'the name of the folder', found: false };
  },
  productionDomain: (repository, { name = '' }) => {
    const host = hostOf(repository.homepage);
    if (host !== undefined) return { value: host, from: 'homepage in package.json', found: true };
    return { value: `www.${name.replace(/-staging$/, '')}.example`, from: 'a guess that stands for nothing real', found: false };
  },
  domain: (_repository, { productionDomain = '' }) => ({
    value: `staging.${productionDomain.replace(/^www\./, '')}`,
    from: 'the domain of production',
    found: false,
  }),
  branch: ({ git }) => {
    const branch = ['develop', 'staging'].find((candidate) => git?.branches.includes(candidate) === true);
    return branch === undefined ? { value: 'develop', from: 'what is usual', found: false } : { value: branch, from: 'git', found: true };
  },
  region: ({ vercel }) => {
    const region = vercel.regions.find((candidate) => vercelRegionCodes.includes(candidate));
    return region === undefined
      ? { value: 'iad1', from: 'Vercel’s own default', found: false }
      : { value: region, from: 'vercel.json', found: true };
  },
};

function stagingName(name: string): string {
  const base = name
    .replace(/^@[^/]*\//, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .replace(/-production$/, '');
  return base.endsWith('staging') ? base : `${base === '' ? 'app' : base}-staging`;
}

function folderName({ folder }: Repository): string {
  return folder.split(/[/\\]/).findLast((part) => part !== '') ?? '';
}

function hostOf(homepage: string | undefined): string | undefined {
  const host = /^https?:\/\/([^/:?#]+)/.exec(homepage ?? '')?.[1]?.toLowerCase();
  // The page of a repository is not the app.
  return host === undefined || !hostname.test(host) || /(?:^|\.)(?:github|gitlab|bitbucket|npmjs)\.(?:com|org|io)$/.test(host)
    ? undefined
    : host;
}
