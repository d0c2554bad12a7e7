import { DefaultRenderer, ListrDefaultRendererLogLevels as Level, ListrLogger, ProcessOutput } from 'listr2';

import { type ColorLevel, paintOf } from './paint.ts';
import type { Sink } from './sink.ts';
import { truncateTo } from './text-width.ts';

/** The terminal that the tree is drawn on: Node's stderr. Its own `write` is not used. */
export type TreeTerminal = NodeJS.WriteStream;

/** The sign of each task that is finished. */
export type Signs = WeakMap<object, string>;

/** What the renderer needs. */
export interface RendererOptions {
  readonly sink: Pick<Sink, 'terminal'>;
  readonly terminal: TreeTerminal;
  readonly color: ColorLevel;
}

/** Rows shown while steps run: taller trees overflow the terminal (listr2 issue 296). */
const maximumRows = 20;

/** Shortest time between two frames. */
const frameMs = 40;

/** Returns listr2's options: everything to the sink, the colours of this level. */
export function rendererOptions(options: RendererOptions) {
  const paint = paintOf(options.color);
  const screen = terminalBehind(options.terminal, options.sink);
  // listr2's own colours ask process.stdout whether it is a terminal; these ask nobody. Finished steps have signs of their own.
  const color = {
    ...Object.fromEntries(Object.values(Level).map((level) => [level, paint.gray])),
    [Level.PENDING]: paint.yellow,
    [Level.CANCELLED]: paint.yellow,
  };
  const icon = { [Level.WAITING]: '·' };
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

/** Returns listr2's tree on any stream that is a terminal: at most 20 rows while it runs, one row a step, our own signs. */
export function treeRenderer(signs: Signs) {
  return class extends DefaultRenderer {
    static override nonTTY = true;
    #live = false;
    #drawnAtMs = 0;
    readonly #columns: () => number;
    readonly #rows: () => number;

    constructor(...[tasks, options, events]: ConstructorParameters<typeof DefaultRenderer>) {
      super(tasks, options, events);
      this.#columns = () => options.logger?.process.stdout.columns ?? 80;
      this.#rows = () => Math.max(3, Math.min(maximumRows, (options.logger?.process.stdout.rows ?? maximumRows + 2) - 2));
    }

    /** Each event asks for a frame: those that come at once share one; the spinner's tick draws what is left out here. */
    override update(): void {
      if (performance.now() - this.#drawnAtMs < frameMs) return;
      super.update();
      this.#drawnAtMs = performance.now();
    }

    override create(options?: Parameters<DefaultRenderer['create']>[0]): string {
      this.#live = options === undefined;
      const rows = super.create(options).split('\n');
      return (this.#live ? fitRows(rows, this.#rows()) : rows).join('\n');
    }

    protected override style(...args: Parameters<DefaultRenderer['style']>): string {
      return signs.get(args[0]) ?? super.style(...args);
    }

    protected override format(message: string, icon: string, level: number): string[] {
      if (!this.#live) return super.format(message, icon, level);
      // A title may have rows below it: each is cut by itself.
      const rows = message.split('\n').map((row) => truncateTo(row, this.#columns() - level * 2 - 5));
      return super.format(rows.join('\n'), icon, level);
    }
  };
}

/** Keeps the newest rows; the rows left out are counted. */
function fitRows(rows: readonly string[], most: number): readonly string[] {
  const left = rows.length - most + 1;
  return rows.length <= most ? rows : [`  … ${left} rows above`, ...rows.slice(left)];
}
