import { Chalk, type ChalkInstance } from 'chalk';

import type { StepOutcome } from '../core/run/events.ts';
import type { Redactor } from '../core/redaction.ts';
import type { Verdict } from '../core/verdict.ts';

/** How much colour: 0 none, 1 the 16 basic colours, 2 256 colours, 3 all. */
export type ColorLevel = 0 | 1 | 2 | 3;

/** The page that text is laid out on. */
export interface TextView {
  /** Width; 80 when unknown. */
  readonly columns: number;
  readonly color: ColorLevel;
  /** Applied to all data before it is laid out (a secret broken over two lines would not be found any more). */
  readonly redact?: Redactor | undefined;
}

/** What the colour of a stream depends on, read by the caller from the environment. */
export interface ColorFacts {
  readonly isTty: boolean;
  /** `NO_COLOR` as it stands in the environment. Any value but the empty text switches colours off. */
  readonly noColor?: string | undefined;
  /** `FORCE_COLOR` as it stands in the environment: "0" to "3", or "true". */
  readonly forceColor?: string | undefined;
  /** `TERM` as it stands in the environment. */
  readonly term?: string | undefined;
}

/** Returns how much colour a stream gets: none without a terminal, with `NO_COLOR` or a dumb terminal; `FORCE_COLOR` wins. */
export function colorLevel(facts: ColorFacts): ColorLevel {
  switch (facts.forceColor) {
    case '0':
    case 'false':
      return 0;
    case '1':
    case 'true':
      return 1;
    case '2':
      return 2;
    case '3':
      return 3;
    default:
      break;
  }
  if (!facts.isTty || (facts.noColor !== undefined && facts.noColor !== '') || facts.term === 'dumb') return 0;
  return facts.term?.includes('256') === true ? 2 : 1;
}

/** Returns the colours of this level; level 0 leaves texts as they are. */
export function paintOf(level: ColorLevel): ChalkInstance {
  return new Chalk({ level });
}

/** A mark of one column and the colour that goes with it. */
export interface Mark {
  readonly sign: string;
  readonly color: 'green' | 'red' | 'yellow' | 'gray' | 'cyan';
}

/** Returns the mark of a verdict. */
export function verdictMark(verdict: Verdict): Mark {
  switch (verdict) {
    case 'green':
      return { sign: '✔', color: 'green' };
    case 'red':
      return { sign: '✖', color: 'red' };
    case 'inconclusive':
      return { sign: '?', color: 'yellow' };
    case 'skipped':
      return { sign: '↓', color: 'gray' };
    default:
      return { sign: '·', color: 'gray' };
  }
}

/** Returns the mark of a step's outcome. */
export function outcomeMark(outcome: StepOutcome): Mark {
  switch (outcome) {
    case 'done':
      return { sign: '✔', color: 'green' };
    case 'unchanged':
      return { sign: '=', color: 'green' };
    case 'skipped':
      return { sign: '↓', color: 'gray' };
    case 'failed':
    case 'red':
      return { sign: '✖', color: 'red' };
    case 'inconclusive':
      return { sign: '?', color: 'yellow' };
    case 'undone':
      return { sign: '↩', color: 'yellow' };
    case 'undo-failed':
      return { sign: '✖', color: 'red' };
    case 'planned':
      return { sign: '+', color: 'cyan' };
    default:
      return { sign: '·', color: 'gray' };
  }
}
