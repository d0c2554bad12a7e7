import { Listr, type ListrContext, ListrTaskState } from 'listr2';

import type { EventSink, RunEvent, StepOutcome } from '../core/run/events.ts';
import { formatDuration } from './measures.ts';
import { outcomeMark, paintOf } from './paint.ts';
import { type RendererOptions, rendererOptions, type Signs, treeRenderer } from './tree-renderer.ts';

/** What the tree needs. */
export interface TreeOptions extends RendererOptions {
  /** The first steps, when they are known before they start. */
  readonly upfront?: readonly { readonly id: string; readonly title: string }[];
}

type TreeRenderer = ReturnType<typeof treeRenderer>;
type TreeList = Listr<ListrContext, TreeRenderer>;
type TreeTask = TreeList['tasks'][number];

interface Node {
  readonly title: string;
  readonly task: TreeTask;
  /** Holds the steps below this one that are shown. */
  readonly list: TreeList;
  /** How many steps below this one ended well and are no longer shown. */
  hidden: number;
}

/** Steps that ended well stay visible below a running step up to this many; older ones are counted instead. */
const maximumFinished = 5;

/**
 * Returns a tree that follows a run's events. listr2 is the view only: our own runner drives, so its tasks do no work; they are
 * added as their `step-started` events arrive and take the state that the finished event tells.
 */
export function createTree(options: TreeOptions): { readonly draw: EventSink; readonly close: () => Promise<void> } {
  const paint = paintOf(options.color);
  const signs: Signs = new WeakMap();
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const root: TreeList = new Listr<ListrContext, TreeRenderer>([{ task: () => finished }], {
    renderer: treeRenderer(signs),
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
        const panel = (event.panel ?? []).map((row) => `\n${paint.gray(row)}`).join('');
        if (node !== undefined) node.task.title$ = `${node.title} ${paint.gray(`· ${event.text}`)}${panel}`;
        return;
      }
      case 'step-finished': {
        const { task } = nodes.get(key) ?? add(event.path, event.title);
        const mark = outcomeMark(event.outcome);
        signs.set(task, paint[mark.color](mark.sign));
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
  const list: TreeList = new Listr<ListrContext, TreeRenderer>([], root.options, task);
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
  const says = detail === '' ? '' : ` ${paint.gray('·')} ${paint[detailColor(event.outcome)](detail)}`;
  switch (event.outcome) {
    case 'done':
    case 'unchanged':
    case 'red':
    case 'inconclusive':
    case 'failed':
      return `${event.title}${says}${took}`;
    case 'skipped':
      return `${event.title} ${paint.gray(detail === '' ? 'skipped' : `skipped: ${detail}`)}`;
    case 'planned':
      return `${event.title} ${paint.cyan('would change')}`;
    case 'undone':
      return `${event.title} ${paint.yellow('undone')}`;
    case 'undo-failed':
      return `${event.title} ${paint.red('could not be undone')}${says}`;
  }
}

function detailColor(outcome: StepOutcome): 'red' | 'yellow' | 'gray' {
  if (outcome === 'inconclusive') return 'yellow';
  return outcome === 'failed' || outcome === 'red' || outcome === 'undo-failed' ? 'red' : 'gray';
}

function finishedState(outcome: StepOutcome): ListrTaskState {
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
