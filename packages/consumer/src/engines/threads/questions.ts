import { carriedError, type CarriedError } from "./carried-error.js";
import type { Answers, FromThread, Question } from "./messages.js";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Questions of a thread to the main thread that are not answered yet. */
export class Questions {
  readonly #send: (message: FromThread) => void;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(send: (message: FromThread) => void) {
    this.#send = send;
  }

  /** Asks; rejects with the error that the main thread's own call ended with. */
  ask<Asked extends Question>(asked: Asked): Promise<Answers[Asked["ask"]]> {
    this.#last += 1;
    const question = this.#last;
    const answer = new Promise<unknown>((resolve, reject) => {
      // First of all, because a plan that the structured clone refuses must fail the asker and leave nothing waiting.
      this.#send({ type: "question", question, asked });
      this.#waiting.set(question, { resolve, reject });
    });
    // Both sides are of one package and one version: the type of the answer follows from the question.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return answer as Promise<Answers[Asked["ask"]]>;
  }

  answered(question: number, value: unknown): void {
    this.#take(question)?.resolve(value);
  }

  refused(question: number, error: CarriedError): void {
    this.#take(question)?.reject(carriedError(error));
  }

  #take(question: number): Waiting | undefined {
    const waiting = this.#waiting.get(question);
    this.#waiting.delete(question);
    return waiting;
  }
}
