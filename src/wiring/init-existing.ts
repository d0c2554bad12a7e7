import { StagingError } from '../core/errors.ts';
import { findConfig } from '../config/find.ts';
import { loadConfig } from '../config/load.ts';
import { answerNames, answerProblem, type Answers } from '../core/init/answers.ts';
import { type Context, toolEntry } from './context.ts';

/** Returns the answers that the configuration at this path holds already; none where there is none, or none that loads. */
export async function configuredAnswers({ request }: Pick<Context, 'request'>, path: string): Promise<Partial<Answers>> {
  try {
    const found = findConfig(request.cwd, path);
    if (found === undefined) return {};
    const { settings } = await loadConfig(found, toolEntry(request), undefined);
    const { name, domain, branch, vercel, production } = settings;
    const held = {
      name,
      productionDomain: production.domains.find((known) => known.startsWith('www.')) ?? production.domains[0],
      domain,
      branch,
      region: vercel.region,
    };
    return Object.fromEntries(
      answerNames.flatMap((key) => {
        const value = held[key];
        return value === undefined || answerProblem(key, value) !== undefined ? [] : [[key, value]];
      }),
    );
  } catch (error) {
    // It is written anew, and may be broken until then.
    if (error instanceof StagingError) return {};
    throw error;
  }
}
