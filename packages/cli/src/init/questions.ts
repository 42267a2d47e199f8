import { createInterface } from "node:readline/promises";
import type { CliContext } from "../app/context.js";

/** Asks on a terminal, and takes the defaults anywhere else. */
export interface Asker {
  readonly text: (question: string, byDefault: string) => Promise<string>;
  readonly choice: <Word extends string>(
    question: string,
    words: readonly Word[],
    byDefault: Word,
  ) => Promise<Word>;
  readonly close: () => void;
}

/**
 * Asks whoever types. Nobody is asked where nobody types, and nobody who said so.
 * @param isQuiet whether the defaults are taken on a terminal, too
 */
export function asker({ input, out, signal }: CliContext, isQuiet: boolean): Asker {
  if (isQuiet || input.isTTY !== true)
    return {
      text: (_question, byDefault) => Promise.resolve(byDefault),
      choice: (_question, _words, byDefault) => Promise.resolve(byDefault),
      close: () => undefined,
    };
  const lines = createInterface({ input });
  const text = async (question: string, byDefault: string): Promise<string> => {
    out.note(`${question} [${byDefault}]`);
    const answer = (await lines.question("", { signal })).trim();
    return answer === "" ? byDefault : answer;
  };
  return {
    text,
    choice: async (question, words, byDefault) => {
      for (;;) {
        const answer = await text(`${question}: ${words.join(", ")}`, byDefault);
        const word = words.find((one) => one === answer);
        if (word !== undefined) return word;
        out.note(`there is no ${answer}`);
      }
    },
    close: () => lines.close(),
  };
}
