import { clip, type Problem, quoted } from '../problem.ts';
import { type HtmlDocument, looksLikeHtml, readHtml } from './html.ts';
import type { WebOutcome } from '../ports/web.ts';

/** An answer of an address under test. */
export type WebAnswer = Extract<WebOutcome, { kind: 'answer' }>;

/** What the judges of a request know about it. */
export interface RequestContext {
  /** Origin of the address under test. */
  readonly origin: string;
  readonly path: string;
  /** True when the bypass secret of deployment protection was sent along. */
  readonly bypass: boolean;
  /** Bound on the request, in milliseconds. */
  readonly timeoutMs: number;
}

/** Hosts of login walls that stand in front of apps; a name also stands for its subdomains. */
const deploymentWalls: Readonly<Record<string, string>> = {
  'vercel.com': 'Vercel Deployment Protection',
  'cloudflareaccess.com': 'Cloudflare Access',
};
/** Hosts that apps themselves may send to as well: a wall only where no redirect was expected. */
const identityProviders: Readonly<Record<string, string>> = {
  'accounts.google.com': 'Google sign-in',
  'login.microsoftonline.com': 'Microsoft sign-in',
};

function wallOf(host: string, walls: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(walls).find(([name]) => host === name || host.endsWith(`.${name}`))?.[1];
}

/** Returns the parts of a document that judges look at, or undefined when the body is not HTML. */
export function documentOf(answer: WebAnswer): HtmlDocument | undefined {
  const type = answer.headers['content-type'] ?? '';
  return type.includes('html') || looksLikeHtml(answer.body) ? readHtml(answer.body) : undefined;
}

/** Returns where a redirect leads, as an absolute address, or undefined when the answer is no redirect or leads nowhere. */
export function redirectTarget(answer: WebAnswer, context: RequestContext): URL | undefined {
  if (answer.status < 300 || answer.status > 399) return undefined;
  const location = answer.headers['location'];
  return location !== undefined && URL.canParse(location, context.origin + context.path)
    ? new URL(location, context.origin + context.path)
    : undefined;
}

/** Returns what is wrong when a login wall or a bot check answered instead of the app, whatever status was expected (but a 401 that was). */
export function wallProblem(answer: WebAnswer, context: RequestContext, expectedStatus: number): Problem | undefined {
  const challenge = challengeOf(answer);
  if (challenge !== undefined) {
    return {
      seen: `${challenge} (status ${answer.status})`,
      expected: 'an answer of the app',
      message: `${challenge} answered ${context.path} instead of the app.`,
      fix: 'Allow this machine past the bot protection of the project, or send its protection bypass secret.',
    };
  }
  const wall = wallByRedirect(answer, context, expectedStatus) ?? wallByBody(answer, expectedStatus);
  if (wall === undefined) return undefined;
  return {
    seen: `a login wall: ${wall} (status ${answer.status})`,
    expected: 'an answer of the app',
    message: `A login wall (${wall}) answered ${context.path} instead of the app, so nothing of the app was tested.`,
    fix: context.bypass
      ? 'Set VERCEL_AUTOMATION_BYPASS_SECRET to a protection bypass secret of this project: the one that was sent was not accepted.'
      : 'Set VERCEL_AUTOMATION_BYPASS_SECRET to the protection bypass secret of the project.',
  };
}

function challengeOf({ headers, body }: WebAnswer): string | undefined {
  if (headers['x-vercel-mitigated'] !== undefined) return `Vercel's firewall (${clip(headers['x-vercel-mitigated'])})`;
  if (headers['cf-mitigated'] !== undefined) return `A Cloudflare check (${clip(headers['cf-mitigated'])})`;
  return body.includes('<title>Vercel Security Checkpoint</title>') ? "Vercel's Security Checkpoint" : undefined;
}

function wallByRedirect(answer: WebAnswer, context: RequestContext, expectedStatus: number): string | undefined {
  const target = redirectTarget(answer, context);
  if (target === undefined || target.origin === context.origin) return undefined;
  return wallOf(target.hostname, answer.status === expectedStatus ? deploymentWalls : { ...deploymentWalls, ...identityProviders });
}

// Vercel's wall: 401 with a page titled "Authentication Required" that leads to vercel.com/sso-api, and the cookie
// _vercel_sso_nonce (superset-sh/superset#6993, cacheplane/threadplane#974: taken for the app's own answers).
function wallByBody(answer: WebAnswer, expectedStatus: number): string | undefined {
  const { headers, body, status } = answer;
  if ((headers['set-cookie'] ?? '').includes('_vercel_sso_nonce') || body.includes('vercel.com/sso-api'))
    return 'Vercel Deployment Protection';
  if (body.includes('cloudflareaccess.com/cdn-cgi/access')) return 'Cloudflare Access';
  if (status === expectedStatus && status === 401) return undefined;
  if (/^basic\b/i.test(headers['www-authenticate'] ?? '')) return 'HTTP basic authentication';
  const page = documentOf(answer);
  if (page === undefined) return undefined;
  if (/^(log ?in|sign ?in)\b.*\bvercel\b/i.test(page.title)) return 'Vercel sign-in';
  if (/^(authentication|password) required$/i.test(page.title) && [200, 401, 403].includes(status)) {
    return headers['server']?.toLowerCase() === 'vercel' ? 'Vercel Deployment Protection' : `a page titled ${quoted(page.title)}`;
  }
  return status === 401 ? 'a page of status 401' : undefined;
}

/** Returns what is wrong when the answer sends elsewhere although no redirect was expected. */
export function redirectProblem(answer: WebAnswer, context: RequestContext, expectedStatus: number): Problem | undefined {
  if (answer.status < 300 || answer.status > 399 || answer.status === 304) return undefined;
  const target = redirectTarget(answer, context);
  const where = target === undefined ? 'nowhere (no usable location)' : shownAddress(target, context);
  const seen = `status ${answer.status}, a redirect to ${where}`;
  const expected = `status ${expectedStatus}`;
  if (target !== undefined && target.origin !== context.origin) {
    return {
      seen,
      expected,
      message: `${context.path} redirects to another address, ${where}: what answers there is not what was to be tested.`,
      fix: `Run \`jv-staging smoke --url ${target.origin}\` if that is the address to test, otherwise mend the redirect.`,
    };
  }
  const toSignIn = target !== undefined && /sign-?in|log-?in|auth/i.test(target.pathname);
  return {
    seen,
    expected,
    message: toSignIn
      ? `${context.path} redirects to the sign-in page ${where}: the session was not accepted.`
      : `${context.path} redirects to ${where} instead of answering.`,
    fix: toSignIn
      ? 'Check that the app accepts the session cookie of `POST /api/auth/sign-in`.'
      : `Name the path that answers (${where}) in the check, or mend the redirect.`,
  };
}

function shownAddress(target: URL, context: RequestContext): string {
  return clip(target.origin === context.origin ? target.pathname : `${target.origin}${target.pathname}`);
}

/** Returns what is wrong when a parked domain or a server's placeholder answered. */
export function placeholderProblem(page: HtmlDocument, context: RequestContext): Problem | undefined {
  const parked = parkedPhrases.exec(page.text.slice(0, 20_000))?.[0] ?? parkedPhrases.exec(page.title)?.[0];
  if (parked !== undefined) {
    return {
      seen: `a parked domain (${quoted(parked)})`,
      expected: 'a page of the app',
      message: `A parked domain answered ${context.path}: the page says ${quoted(parked)}.`,
      fix: `Point the DNS record of ${new URL(context.origin).hostname} at the project, and add the domain to it.`,
    };
  }
  const placeholder = [page.title, page.heading].find((name) => placeholderNames.test(name));
  if (placeholder === undefined) return undefined;
  return {
    seen: `a placeholder page (${quoted(placeholder)})`,
    expected: 'a page of the app',
    message: `A placeholder answered ${context.path}: the page is titled ${quoted(placeholder)}.`,
    fix: 'Run `jv-staging deploy`: nothing of the app is served at this address.',
  };
}

/** Returns what is wrong when a page that came with a good status says that it is an error. */
export function errorPageProblem(page: HtmlDocument, answer: WebAnswer, context: RequestContext): Problem | undefined {
  const failure = [page.title, page.heading].find((name) => errorNames.test(name)) ?? errorPhrases.exec(page.text)?.[0];
  if (failure === undefined) return undefined;
  return {
    seen: `status ${answer.status} with an error page (${quoted(failure)})`,
    expected: 'a page of the app',
    message: `An error page answered ${context.path} with status ${answer.status}: it says ${quoted(failure)}.`,
    fix: "Read the app's log for this request, and let the app answer errors with their status.",
  };
}

const parkedPhrases =
  /this domain(?: name)? (?:is|may be|has been|has)(?: now)? (?:for sale|parked|expired)|buy this domain|domain parking|parked (?:free|domain)|sedo ?parking|parkingcrew|future home of something|this (?:web)?site is parked/i;
const placeholderNames =
  /^(?:welcome to nginx!?|apache2 .*default page.*|it works!?|iis windows(?: server)?|default web site page|site not found.*|index of \/.*|coming soon!?|under construction!?|launching soon!?|domain default page)$/i;
const errorNames =
  /^(?:error|application error.*|an error (?:has )?occurred.*|oops.*|something went wrong.*|[45]\d\d(?:\s*[:|–-].*)?|.*\b(?:internal server error|page not found|404 not found|bad gateway|gateway time-?out|service unavailable|too many requests|deployment not found)\b.*|not found)$/i;
const errorPhrases =
  /application error: a (?:client|server)-side exception has occurred|this serverless function has crashed|the deployment could not be found on vercel|function_invocation_(?:failed|timeout)|deployment_not_found/i;
