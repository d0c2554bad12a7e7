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

/** Asks for a text on the terminal; undefined when the input ends or is interrupted. */
export async function askText(asking: Asking, question: string): Promise<string | undefined> {
  return answerTo(asking, question);
}

/** Asks a question on the terminal; only `yes` (or `y`) is yes, and an end of input or an interruption is no. */
export async function askYes(asking: Asking, question: string): Promise<boolean> {
  return /^y(?:es)?$/i.test((await answerTo(asking, question)) ?? '');
}

async function answerTo({ input, output }: Asking, question: string): Promise<string | undefined> {
  const lines = createInterface({ input, output });
  try {
    const ended = new Promise<undefined>((resolve) => {
      for (const event of ['close', 'SIGINT'] as const) lines.once(event, () => resolve(undefined));
    });
    const answer = await Promise.race([lines.question(question), ended]);
    return answer?.trim();
  } finally {
    lines.close();
  }
}
