// What one person has answered so far. It lives in this object and nowhere else.

import { answerTo } from "./asked";
import type { Answer, Answers } from "./model";
import { native } from "./native";

export class Given {
  #answers: Answers = native.nothing();
  readonly #refused = new Set<string>();

  get answers(): Answers {
    return this.#answers;
  }

  get isEmpty(): boolean {
    for (const id in this.#answers) if (this.#answers[id] !== null) return false;
    return this.#refused.size === 0;
  }

  of(id: string): Answer {
    return answerTo(this.#answers, id);
  }

  refused(id: string): boolean {
    return this.#refused.has(id);
  }

  take(id: string, answer: Answer, refused: boolean): void {
    this.#answers = { __proto__: null, ...this.#answers, [id]: answer };
    if (refused) this.#refused.add(id);
    else this.#refused.delete(id);
  }
}
