import type { EventSink, RunEvent, StepOutcome } from '../core/run/events.ts';
import { escapeControl, mapTexts, type Redactor } from '../core/redaction.ts';
import { formatDuration } from './measures.ts';
import { type ColorLevel, outcomeMark, paintOf } from './paint.ts';
import type { Sink } from './sink.ts';
import type { TreeTerminal } from './tree-renderer.ts';
import { createTree } from './tree-view.ts';

/** How steps are drawn: a live tree, one line a finished step, nothing; `auto` is the tree where there is a terminal. */
export type DrawMode = 'auto' | 'tree' | 'lines' | 'none';

/** What the drawer needs to know. */
export interface DrawerOptions {
  readonly mode: DrawMode;
  /** The sink that every byte goes through. */
  readonly sink: Pick<Sink, 'err' | 'terminal' | 'redact'>;
  /** The terminal behind stderr: its size now and later. */
  readonly terminal: TreeTerminal;
  readonly isTty: boolean;
  readonly color: ColorLevel;
  /** The first steps, when they are known before they start: shown as waiting. */
  readonly upfront?: readonly { readonly id: string; readonly title: string }[];
  /** With true the lines also say when a step starts and what it notes. */
  readonly verbose?: boolean;
}

/** Draws a run's events on stderr. */
export interface Drawer {
  readonly events: EventSink;
  /** Draws the last state and lets go of the terminal; steps that did not finish are shown as interrupted. Print nothing before it resolves. */
  close(): Promise<void>;
}

/** Returns a drawer of a run's events: a listr2 tree on a terminal, lines elsewhere, nothing with mode `none`. */
export function createTreeDrawer(options: DrawerOptions): Drawer {
  const mode = resolveMode(options);
  switch (mode) {
    case 'none':
      return { events: () => undefined, close: async () => undefined };
    case 'lines':
      return { events: guarded(lineDrawer(options), options.sink.redact), close: async () => undefined };
    case 'tree': {
      const tree = createTree(options);
      return { events: guarded(tree.draw, options.sink.redact), close: tree.close };
    }
  }
}

/** A tree needs a terminal that knows its width: with 0 columns it would wrap one character a line. */
function resolveMode(options: DrawerOptions): 'tree' | 'lines' | 'none' {
  if (options.mode === 'none' || options.mode === 'lines') return options.mode;
  return options.isTty && options.terminal.columns > 0 ? 'tree' : 'lines';
}

/** Between two lines of what a terminal shows in place. */
const lineEveryMs = 10_000;

/** Cleans each event's texts, also of line feeds: a title, a note and a detail are one line. */
function guarded(draw: EventSink, redact: Redactor): EventSink {
  const oneLine = (text: string) =>
    escapeControl(redact(text))
      .replaceAll(/\s*\n\s*/g, ' ')
      .trim();
  return (event) => draw(mapTexts(event, oneLine));
}

function lineDrawer(options: DrawerOptions): EventSink {
  const titles = new Map<string, string>();
  const groups = new Set<string>();
  const paint = paintOf(options.color);
  const told = { panelMs: 0, lineMs: Infinity };
  /**
   * What a terminal shows in place comes here as a line now and then, so that a log of many minutes is not silent: a panel from its first
   * note on, any other note once nothing was said for as long.
   */
  const isDue = ({ panel, at }: Extract<RunEvent, { type: 'step-note' }>) => {
    const nowMs = Date.parse(at);
    if (nowMs - (panel === undefined ? told.lineMs : told.panelMs) < lineEveryMs) return false;
    told.lineMs = nowMs;
    if (panel !== undefined) told.panelMs = nowMs;
    return true;
  };
  /** The outermost step and the step itself: what lies between is order, not news. */
  const trail = (path: readonly string[]) =>
    [...new Set([path.slice(0, 1).join('/'), path.join('/')])].map((key) => titles.get(key) ?? key).join(' › ');
  return (event: RunEvent) => {
    switch (event.type) {
      case 'step-started':
        titles.set(event.path.join('/'), event.title);
        groups.add(event.path.slice(0, -1).join('/'));
        told.lineMs = Date.parse(event.at);
        if (options.verbose === true) options.sink.err(`${paint.gray('…')} ${trail(event.path)}\n`);
        return;
      case 'step-note':
        if (options.verbose === true || isDue(event)) options.sink.err(`${paint.gray('›')} ${trail(event.path)}: ${event.text}\n`);
        return;
      case 'step-finished': {
        titles.set(event.path.join('/'), event.title);
        told.lineMs = Date.parse(event.at);
        // A group below the outermost step that went well has nothing to add to its own steps.
        if (event.path.length > 1 && groups.has(event.path.join('/')) && event.outcome === 'done') return;
        const mark = outcomeMark(event.outcome);
        const ending = outcomeText(event.outcome, event.detail);
        options.sink.err(
          `${paint[mark.color](mark.sign)} ${trail(event.path)}: ${ending} ${paint.gray(`(${formatDuration(event.durationMs)})`)}\n`,
        );
        return;
      }
    }
  };
}

/** Returns how a step ended, in words: `done, 3 created`, `skipped, it is there`, `failed, SMOKE_RED`. */
export function outcomeText(outcome: StepOutcome, detail: string | null | undefined): string {
  const word = outcome === 'undo-failed' ? 'could not be undone' : outcome;
  return detail === undefined || detail === null || detail === '' ? word : `${word}, ${detail}`;
}
