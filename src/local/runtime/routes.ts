/** One entry of `routes` in a Build Output `config.json` (vercel.com/docs/build-output-api/configuration). */
export interface Route {
  readonly src?: string | undefined;
  /** Begins a phase instead of matching. */
  readonly handle?: string | undefined;
  readonly dest?: string | undefined;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly continue?: boolean | undefined;
  /** Looks for the destination at once: as a file or function, then through the phases `miss` and `rewrite`. */
  readonly check?: boolean | undefined;
  /** Forgets the status that earlier routes set. */
  readonly override?: boolean | undefined;
  /** Its headers win over those of a function's answer. */
  readonly important?: boolean | undefined;
  readonly methods?: readonly string[] | undefined;
  readonly has?: readonly Condition[] | undefined;
  readonly missing?: readonly Condition[] | undefined;
  readonly caseSensitive?: boolean | undefined;
  /** The function that is asked what to do with the request. */
  readonly middlewarePath?: string | undefined;
  readonly transforms?: readonly Transform[] | undefined;
  readonly locale?: Locale | undefined;
}

/** What a request must (`has`) or must not (`missing`) carry. */
export interface Condition {
  readonly type: 'header' | 'cookie' | 'query' | 'host';
  readonly key?: string | undefined;
  readonly value?: unknown;
}

/** A change of headers or query. */
export interface Transform {
  readonly type: 'request.headers' | 'request.query' | 'response.headers';
  readonly op: 'append' | 'set' | 'delete';
  readonly target: { readonly key: string };
  readonly args?: string | readonly string[] | undefined;
}

/** Where visitors of a language are sent. */
export interface Locale {
  readonly redirect?: Readonly<Record<string, string>> | undefined;
  readonly cookie?: string | undefined;
}

/** A condition whose pattern is compiled. */
export interface CompiledCondition extends Condition {
  readonly pattern: RegExp | undefined;
}

/** A route whose patterns are compiled. */
export interface CompiledRoute extends Route {
  readonly pattern: RegExp;
  readonly has: readonly CompiledCondition[];
  readonly missing: readonly CompiledCondition[];
}

/** Routes by phase, their patterns compiled. */
export interface Routes {
  readonly phases: ReadonlyMap<string, readonly CompiledRoute[]>;
}

/** The phase before the first `handle`. */
export const firstPhase = '';

/** Returns routes ready to be asked. Throws when a pattern is no regular expression. */
export function compileRoutes(routes: readonly Route[]): Routes {
  const phases = new Map<string, CompiledRoute[]>();
  let phase = firstPhase;
  for (const route of routes) {
    if (route.handle !== undefined) {
      phase = route.handle;
      continue;
    }
    if (route.src === undefined) throw new Error('A route has neither `src` nor `handle`.');
    const compiled = {
      ...route,
      pattern: patternOf(anchored(route.src), route.caseSensitive === true),
      has: (route.has ?? []).map(compileCondition),
      missing: (route.missing ?? []).map(compileCondition),
    };
    phases.set(phase, [...(phases.get(phase) ?? []), compiled]);
  }
  return { phases };
}

function compileCondition(condition: Condition): CompiledCondition {
  return { ...condition, pattern: typeof condition.value === 'string' ? patternOf(`^${condition.value}$`, true) : undefined };
}

function anchored(src: string): string {
  return `${src.startsWith('^') ? '' : '^'}${src}${src.endsWith('$') ? '' : '$'}`;
}

/**
 * The vendor reads patterns as PCRE. What JavaScript writes differently is translated: `(?P<name>`, flags at the beginning, `\A`,
 * `\z`, possessive and atomic groups (which only forbid backtracking).
 */
function patternOf(src: string, caseSensitive: boolean): RegExp {
  const flagged = /^\^?\(\?([ims]+)\)/.exec(src);
  const own = flagged?.[1] ?? '';
  const flags = caseSensitive || own.includes('i') ? own : `${own}i`;
  const bare = flagged ? `^${src.slice(flagged[0].length)}` : src;
  const translated = bare
    .replaceAll('(?P<', '(?<')
    .replaceAll('(?>', '(?:')
    .replaceAll(/(\\.|\[(?:\\.|[^\]\\])*\])|([+*?}])\+/g, (whole, kept?: string, quantifier?: string) => kept ?? quantifier ?? whole)
    .replaceAll(/\\([AzZ])/g, (_whole, letter: string) => (letter === 'A' ? '^' : '$'));
  return new RegExp(translated, flags);
}
