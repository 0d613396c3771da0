// What one person has answered so far. It lives in this object and nowhere else.

import { answerTo } from "./asked";
import type { Answer, Answers } from "./model";

export class Given {
  #answers: Record<string, Answer> = Object.create(null);
  readonly #refused = new Set<string>();

  get answers(): Answers {
    return this.#answers;
  }

  get isEmpty(): boolean {
    return this.#refused.size === 0 && Object.values(this.#answers).every((answer) => answer === null);
  }

  of(id: string): Answer {
    return answerTo(this.#answers, id);
  }

  refused(id: string): boolean {
    return this.#refused.has(id);
  }

  take(id: string, answer: Answer, refused: boolean): void {
    this.#answers = Object.assign(Object.create(null), this.#answers, { [id]: answer });
    if (refused) this.#refused.add(id);
    else this.#refused.delete(id);
  }
}
