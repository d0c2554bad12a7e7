import { createInterface } from 'node:readline/promises';

/** Streams that a person may sit behind. */
export interface Asking {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** Returns true when somebody can be asked: both the question and the answer have a terminal. */
export function canAsk({ input, output }: Asking): boolean {
  return input.isTTY && output.isTTY;
}

/** Asks a question on the terminal; only `yes` (or `y`) is yes, and an end of input or an interruption is no. */
export async function askYes({ input, output }: Asking, question: string): Promise<boolean> {
  const lines = createInterface({ input, output });
  try {
    const ended = new Promise<string>((resolve) => {
      for (const event of ['close', 'SIGINT'] as const) lines.once(event, () => resolve(''));
    });
    const answer = await Promise.race([lines.question(question), ended]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
