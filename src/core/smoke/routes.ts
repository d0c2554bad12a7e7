import { findingOf } from '../problem.ts';
import type { RouteWaiver, SmokeCheck } from './smoke.ts';
import type { Finding } from '../verdict.ts';

/** A rule of the build output's routing, as far as it decides which function answers. */
export interface BuiltRule {
  /** Regular expression over the path. */
  readonly src: string;
  readonly dest: string;
}

/** What a build output serves besides assets. */
export interface BuiltSite {
  /** Functions by their path below `functions/`, without `.func`: `api/health`, `blog/[slug]`, `index`. */
  readonly functions: readonly string[];
  /** HTML files by their path below `static/`, or the path that `overrides` gives them. */
  readonly pages: readonly string[];
  readonly rules: readonly BuiltRule[];
  /** Paths that the platform calls by the clock. */
  readonly crons: readonly string[];
}

/** Made by frameworks for themselves, and never visited by name: error pages, data beside pages, middleware. */
const internal =
  /^(?:_next\/|_?middleware$|(?:.*\/)?(?:404|500|_error|_not-found|favicon\.ico)$|.*\.(?:rsc|json|prefetch|segments?)(?:\/|$))/;

/** Returns the routes that a build output shows, each once, sorted: `/`, `/api/health`, `/blog/[slug]`. */
export function routesOf({ functions, pages, crons }: BuiltSite): readonly string[] {
  const names = [...functions, ...pages.map((page) => page.replace(/\.html$/, ''))].filter((name) => !internal.test(name));
  const paths = names.map((name) => `/${name.replace(/(^|\/)index$/, '')}`.replace(/(.)\/$/, '$1'));
  return [...new Set([...paths, ...crons.map(withoutQuery)])].toSorted();
}

/** Returns the paths that checks ask the app for, without their queries. */
export function visitedPaths(checks: readonly SmokeCheck[]): readonly string[] {
  const signsIn = checks.some((check) => ('as' in check && check.as !== 'nobody') || check.kind === 'auth');
  const paths = checks.flatMap((check): readonly string[] => {
    switch (check.kind) {
      case 'queue':
        return [check.worker];
      case 'sentry':
        return [check.trigger];
      case 'api':
        return [check.path, ...(check.remove === undefined ? [] : [check.remove.path.replaceAll('{id}', 'x')])];
      case 'database':
      case 'redis':
      case 'realtime':
      case 'refusal':
        return [];
      default:
        return [check.path];
    }
  });
  return [...new Set([...paths.map(withoutQuery), ...(signsIn ? ['/api/auth/sign-in'] : [])])];
}

/** Judges that every route is visited by a check or has a waiver; a waiver for what is not there is red as well. */
export function judgeRoutes(site: BuiltSite, checks: readonly SmokeCheck[], waivers: readonly RouteWaiver[]): Finding {
  const routes = routesOf(site);
  const visited = visitedPaths(checks);
  const isVisited = (route: string) =>
    visited.some((path) => matches(route, path) || destinations(site.rules, path).some((to) => matches(route, to)));
  const missed = routes.filter((route) => !isVisited(route));
  const unvisited = missed.filter((route) => waivers.every((waiver) => waiver.route !== route));
  const stale = waivers.filter(({ route }) => !missed.includes(route));
  const problems = [
    ...unvisited.map((route) => ({
      seen: `${route} not visited`,
      expected: `a check of ${route}`,
      message: `The build output serves ${route}, which no check visits.`,
      fix: `Add a check of ${route}, or a waiver with its reason under \`smoke.routes.waivers\`.`,
    })),
    ...stale.map(({ route }) => ({
      seen: `a waiver for ${route}`,
      expected: 'waivers for routes that no check visits',
      message: `The waiver for ${route} is for nothing: ${routes.includes(route) ? 'a check visits it' : 'the build output has no such route'}.`,
      fix: `Remove ${route} from \`smoke.routes.waivers\`.`,
    })),
    ...(routes.length === 0
      ? [
          {
            seen: 'no route',
            expected: 'at least 1 route',
            message: 'The build output shows no route at all.',
            fix: 'Check `app.output` of the configuration, and build the app.',
          },
        ]
      : []),
  ];
  const waived = missed.length - unvisited.length;
  const seen = `${routes.length - missed.length} of ${routes.length} routes visited${waived === 0 ? '' : `, ${waived} waived`}`;
  return findingOf({ id: 'routes', title: 'Routes visited', seen, expected: 'every route visited or waived', problems, durationMs: 0 });
}

/** Returns the finding when there is no build output to look at. */
export function unknownRoutes(output: string): Finding {
  return findingOf({
    id: 'routes',
    title: 'Routes visited',
    seen: '',
    expected: '',
    problems: [
      {
        seen: 'no build output',
        expected: 'the routes of the build output',
        message: `There is no build output in ${output}, so which routes no check visits is not known.`,
        fix: 'Build the app on this machine (`jv-staging deploy` does), or leave `smoke.routes` out of the configuration.',
      },
    ],
    durationMs: 0,
  });
}

/** `[slug]` stands for one part of a path, `[...slug]` for one or more, `[[...slug]]` for any number. */
function matches(route: string, path: string): boolean {
  const parts = route.split(/(\[\[\.\.\.[^\]]+\]\]|\[\.\.\.[^\]]+\]|\[[^\]]+\])/);
  const pattern = parts.map((part) => {
    if (part.startsWith('[[...')) return '.*';
    if (part.startsWith('[...')) return '.+';
    return part.startsWith('[') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${pattern.join('')}/?$`).test(path === '' ? '/' : path);
}

function destinations(rules: readonly BuiltRule[], path: string): readonly string[] {
  return rules.flatMap(({ src, dest }) => {
    const found = matchOf(src, path);
    if (found === null) return [];
    const filled = dest.replaceAll(/\$(\w+)/g, (_text, name: string) => found[Number(name)] ?? found.groups?.[name] ?? '');
    return [withoutQuery(filled)];
  });
}

function matchOf(src: string, path: string): RegExpExecArray | null {
  try {
    return new RegExp(src).exec(path);
  } catch {
    // Another engine's syntax decides nothing here: the route then counts as not visited.
    return null;
  }
}

function withoutQuery(path: string): string {
  return path.split('?')[0] ?? path;
}
