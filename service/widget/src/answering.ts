// One person's answers, and the way through the pages of questions to the review and back.

import { asked, toSend } from "./asked";
import { Course } from "./course";
import { focusOn } from "./dom";
import { Given } from "./given";
import type { Answers, Questionnaire } from "./model";
import type { Page } from "./pages";
import { filled } from "./pipes";
import { type Mistake, mistakeIn } from "./screens/mistakes";
import { questions } from "./screens/questions";
import { review } from "./screens/review";
import type { Screen, Stage } from "./stage";

export interface Around {
  readonly stage: Stage;
  /** Whether what people write is shown to anybody. */
  readonly isRead: boolean;
  /** `redraw` shows the same screen in another language. */
  show(screen: Screen, redraw: () => void, focus?: () => void): void;
  answered(): void;
  toStart(): void;
  send(answers: Answers): void;
}

export class Answering {
  readonly #given = new Given();
  readonly #course: Course;
  readonly #around: Around;
  #q: Questionnaire;
  /** Questions that the service did not take the answers of. */
  #notTaken = new Set<string>();

  constructor(q: Questionnaire, around: Around) {
    this.#q = q;
    this.#around = around;
    this.#course = new Course(q, this.#given);
  }

  get isEmpty(): boolean {
    return this.#given.isEmpty;
  }

  translate(q: Questionnaire): void {
    this.#q = q;
    this.#course.translate(q);
  }

  begin(): void {
    this.#ask(this.#course.pages[0]);
  }

  /** Goes to the first of these questions, whose answers the service did not take; false where none is known. */
  mend(ids: readonly string[]): boolean {
    const first = ids.find((id) => this.#course.pageOf(id));
    if (first === undefined) return false;
    this.#notTaken = new Set(ids);
    this.#ask(this.#course.pageOf(first), first);
    return true;
  }

  /** A page of questions, or the review after the last one; `from` the review, to mend one answer. */
  #ask(page: Page | undefined, from: string | null = null): void {
    if (!page) {
      this.#review();
      return;
    }
    const course = this.#course;
    const { stage, answered, toStart, show } = this.#around;
    const made = questions(stage, {
      questionnaire: this.#q,
      page,
      title: course.title(page, stage.words),
      given: this.#given,
      notTaken: this.#notTaken,
      isRead: this.#around.isRead,
      fromReview: from !== null,
      place: () => course.place(page),
      changed: answered,
      next: () => (from === null ? this.#ask(course.beside(page, 1)) : this.#review(from)),
      back: () => {
        const former = course.beside(page, -1);
        if (former) this.#ask(former);
        else toStart();
      },
    });
    const redraw = (): void => this.#ask(course.pageOf(page.items[0]?.id ?? ""), from);
    show(made, redraw, from === null ? undefined : () => made.focus(from));
  }

  #review(from: string | null = null): void {
    const course = this.#course;
    const { stage, show, toStart } = this.#around;
    const { pages } = course;
    const screen = review(stage, {
      questionnaire: this.#q,
      parts: course.parts,
      given: this.#given,
      of: pages.length + 1,
      change: (id) => this.#ask(course.pageOf(id), id),
      back: () => (pages.length > 0 ? this.#ask(pages[pages.length - 1]) : toStart()),
      send: () => this.#send(),
    });
    const button = (): HTMLElement | null => (from === null ? null : stage.find(`review-${from}`));
    show(
      screen,
      () => this.#review(),
      () => focusOn(button() ?? screen.heading),
    );
  }

  /** What is still wrong; where nothing is, the answers are on their way. */
  #send(): readonly Mistake[] {
    const { stage, send } = this.#around;
    const { answers } = this.#given;
    const mistakes = asked(this.#q, answers).flatMap((item) => {
      const message = mistakeIn(item, this.#given.of(item.id), stage.words);
      return message
        ? [{
            text: filled(item.text, this.#q, answers),
            message,
            go: () => this.#ask(this.#course.pageOf(item.id), item.id),
          }]
        : [];
    });
    if (mistakes.length === 0) {
      this.#notTaken = new Set();
      send(toSend(this.#q, answers));
    }
    return mistakes;
  }
}
