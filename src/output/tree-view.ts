import {
  DefaultRenderer,
  Listr,
  type ListrContext,
  ListrDefaultRendererLogLevels as Level,
  ListrLogger,
  ListrTaskState,
  ProcessOutput,
} from 'listr2';

import type { EventSink, RunEvent } from '../core/events.ts';
import { formatDuration } from './measures.ts';
import { type ColorLevel, outcomeMark, paintOf } from './paint.ts';
import type { Sink } from './sink.ts';
import { truncateTo } from './text-width.ts';

/** The terminal that the tree is drawn on: Node's stderr. Its own `write` is not used. */
export type TreeTerminal = NodeJS.WriteStream;

/** What the tree needs. */
export interface TreeOptions {
  readonly sink: Pick<Sink, 'terminal'>;
  readonly terminal: TreeTerminal;
  readonly color: ColorLevel;
  readonly upfront?: readonly { readonly id: string; readonly title: string }[];
}

type TreeList = Listr<ListrContext, typeof TreeRenderer>;
type TreeTask = TreeList['tasks'][number];

interface Node {
  readonly title: string;
  readonly task: TreeTask;
  /** Holds the steps below this one that are shown. */
  readonly list: TreeList;
  /** How many steps below this one ended well and are no longer shown. */
  hidden: number;
}

/** Rows shown while steps run: taller trees overflow the terminal (listr2 issue 296). */
const maximumRows = 20;

/** Steps that ended well stay visible below a running step up to this many; older ones are counted instead. */
const maximumFinished = 5;

/**
 * Returns a tree that follows a run's events. listr2 is the view only: our own runner drives, so its tasks do no work; they are
 * added as their `step-started` events arrive and take the state that the finished event tells.
 */
export function createTree(options: TreeOptions): { readonly draw: EventSink; readonly close: () => Promise<void> } {
  const paint = paintOf(options.color);
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const root: TreeList = new Listr<ListrContext, typeof TreeRenderer>([{ task: () => finished }], {
    renderer: TreeRenderer,
    rendererOptions: rendererOptions(options),
    registerSignalListeners: false,
    exitOnError: false,
  });
  const top = nodeBelow(root, root.tasks[0], '');
  const nodes = new Map<string, Node>();
  const parentOf = (path: readonly string[]) => nodes.get(path.slice(0, -1).join('/'));
  const add = (path: readonly string[], title: string): Node => {
    const { list } = parentOf(path) ?? top;
    list.add({ title, task: () => undefined });
    const node = nodeBelow(root, list.tasks.at(-1), title);
    nodes.set(path.join('/'), node);
    return node;
  };
  for (const step of options.upfront ?? []) add([step.id], step.title);
  const running = root.run();
  // A tree that cannot be drawn must not end the run: `close` tells.
  running.catch(() => undefined);
  const draw = (event: RunEvent) => {
    const key = event.path.join('/');
    switch (event.type) {
      case 'step-started':
        (nodes.get(key) ?? add(event.path, event.title)).task.state$ = ListrTaskState.STARTED;
        return;
      case 'step-note': {
        const node = nodes.get(key);
        // Not as listr2's output: what arrives before the task's first frame would be lost there.
        if (node !== undefined) node.task.title$ = `${node.title} ${paint.gray(`· ${event.text}`)}`;
        return;
      }
      case 'step-finished': {
        const { task } = nodes.get(key) ?? add(event.path, event.title);
        task.title$ = finishedTitle(event, paint);
        task.state$ = finishedState(event.outcome);
        const above = parentOf(event.path);
        if (above !== undefined) collapseFinished(above, paint);
        return;
      }
    }
  };
  const close = async () => {
    for (const { task, title } of nodes.values()) settle(task, title, paint);
    finish();
    await running;
  };
  return { draw, close };
}

function nodeBelow(root: TreeList, task: TreeTask | undefined, title: string): Node {
  if (task === undefined) throw new Error('listr2 did not add the task.');
  const list: TreeList = new Listr<ListrContext, typeof TreeRenderer>([], root.options, task);
  task.subtasks = list.tasks;
  void task.check({});
  return { title, task, list, hidden: 0 };
}

/** Takes the oldest steps that ended well out of sight when there are many, and counts them beside the title of the step above. */
function collapseFinished(above: Node, paint: Paint): void {
  const { tasks } = above.list;
  const done = tasks.filter((task) => task.isCompleted() || task.isSkipped());
  const old = done.slice(0, Math.max(0, done.length - maximumFinished));
  if (old.length === 0) return;
  for (const task of old) tasks.splice(tasks.indexOf(task), 1);
  above.hidden += old.length;
  if (above.task.isPending()) above.task.title$ = `${above.title} ${paint.gray(`${above.hidden + maximumFinished} done`)}`;
}

type Paint = ReturnType<typeof paintOf>;

function finishedTitle(event: Extract<RunEvent, { type: 'step-finished' }>, paint: Paint): string {
  const detail = event.detail ?? '';
  const took = event.durationMs >= 100 ? paint.gray(` (${formatDuration(event.durationMs)})`) : '';
  const says = detail === '' ? '' : ` ${paint.gray('·')} ${event.outcome === 'failed' ? paint.red(detail) : paint.gray(detail)}`;
  switch (event.outcome) {
    case 'done':
    case 'unchanged':
      return `${event.title}${says}${took}`;
    case 'skipped':
      return `${event.title} ${paint.gray(detail === '' ? 'skipped' : `skipped: ${detail}`)}`;
    case 'planned':
      return `${event.title} ${paint.cyan('would change')}`;
    case 'red':
      return `${event.title} ${paint.gray('·')} ${paint.red(detail)}${took}`;
    case 'inconclusive':
      return `${event.title} ${paint.gray('·')} ${paint.yellow(detail)}${took}`;
    case 'failed':
      return `${event.title}${says}${took}`;
    case 'undone':
      return `${event.title} ${paint.yellow('undone')}`;
    case 'undo-failed':
      return `${event.title} ${paint.red('could not be undone')}${says}`;
  }
}

function finishedState(outcome: Extract<RunEvent, { type: 'step-finished' }>['outcome']): ListrTaskState {
  switch (outcome) {
    case 'done':
    case 'unchanged':
      return ListrTaskState.COMPLETED;
    case 'skipped':
    case 'planned':
      return ListrTaskState.SKIPPED;
    case 'failed':
    case 'red':
    case 'inconclusive':
    case 'undo-failed':
      return ListrTaskState.FAILED;
    case 'undone':
      return ListrTaskState.ROLLED_BACK;
  }
}

/** Brings a task that was not told how it ended to an end: what was running was interrupted, what waited was not reached. */
function settle(task: TreeTask, title: string, paint: Paint): void {
  if (task.hasFinalized()) return;
  const started = task.isPending();
  task.title$ = `${title} ${paint.gray(started ? 'interrupted' : 'not reached')}`;
  task.state$ = started ? ListrTaskState.CANCELLED : ListrTaskState.SKIPPED;
}

function rendererOptions(options: TreeOptions) {
  const paint = paintOf(options.color);
  const screen = terminalBehind(options.terminal, options.sink);
  // listr2's own colours ask process.stdout whether it is a terminal; these ask nobody.
  const color = {
    [Level.SKIPPED_WITH_COLLAPSE]: paint.gray,
    [Level.SKIPPED_WITHOUT_COLLAPSE]: paint.gray,
    [Level.PENDING]: paint.yellow,
    [Level.COMPLETED]: paint.green,
    [Level.COMPLETED_WITH_FAILED_SUBTASKS]: paint.yellow,
    [Level.COMPLETED_WITH_FAILED_SISTER_TASKS]: paint.gray,
    [Level.RETRY]: paint.yellow,
    [Level.ROLLING_BACK]: paint.yellow,
    [Level.ROLLED_BACK]: paint.yellow,
    [Level.FAILED]: paint.red,
    [Level.FAILED_WITH_FAILED_SUBTASKS]: paint.red,
    [Level.WAITING]: paint.gray,
    [Level.PAUSED]: paint.yellow,
    [Level.CANCELLED]: paint.yellow,
  };
  const icon = {
    [Level.ROLLED_BACK]: outcomeMark('undone').sign,
    [Level.FAILED_WITH_FAILED_SUBTASKS]: outcomeMark('failed').sign,
    [Level.COMPLETED_WITH_FAILED_SUBTASKS]: outcomeMark('done').sign,
    [Level.WAITING]: '·',
  };
  const logger = new ListrLogger<Level>({ processOutput: new ProcessOutput(screen, screen), useIcons: true });
  return { logger, color, icon, collapseSkips: true, collapseErrors: true };
}

/** The terminal, but every byte goes through the sink. listr2 replaces `write` for a while: that stays here. */
function terminalBehind(terminal: TreeTerminal, sink: Pick<Sink, 'terminal'>): TreeTerminal {
  let write: unknown = (chunk: unknown) => {
    sink.terminal(String(chunk));
    return true;
  };
  return new Proxy(terminal, {
    get: (stream, name) => {
      if (name === 'write') return write;
      const value: unknown = Reflect.get(stream, name, stream);
      return typeof value === 'function' ? value.bind(stream) : value;
    },
    set: (stream, name, value) => {
      if (name !== 'write') return Reflect.set(stream, name, value, stream);
      write = value;
      return true;
    },
  });
}

/** listr2's tree, on any stream that is a terminal, at most 20 rows high while it runs, one row a step. */
class TreeRenderer extends DefaultRenderer {
  static override nonTTY = true;
  #live = false;
  readonly #columns: () => number;
  readonly #rows: () => number;

  constructor(...[tasks, options, events]: ConstructorParameters<typeof DefaultRenderer>) {
    super(tasks, options, events);
    this.#columns = () => options.logger?.process.stdout.columns ?? 80;
    this.#rows = () => Math.max(3, Math.min(maximumRows, (options.logger?.process.stdout.rows ?? maximumRows + 2) - 2));
  }

  override create(options?: Parameters<DefaultRenderer['create']>[0]): string {
    this.#live = options === undefined;
    const rows = super.create(options).split('\n');
    return (this.#live ? fitRows(rows, this.#rows()) : rows).join('\n');
  }

  protected override format(message: string, icon: string, level: number): string[] {
    return super.format(this.#live ? truncateTo(message, this.#columns() - level * 2 - 5) : message, icon, level);
  }
}

/** Keeps the newest rows; the rows left out are counted. */
function fitRows(rows: readonly string[], most: number): readonly string[] {
  const left = rows.length - most + 1;
  return rows.length <= most ? rows : [`  … ${left} rows above`, ...rows.slice(left)];
}
