// The pages that one person goes through: drawn once, so that going back finds them as they were.

import { asked } from "./asked";
import { draw } from "./draw";
import type { Given } from "./given";
import type { Item, Questionnaire } from "./model";
import { type Page, pagesOf } from "./pages";
import type { Part } from "./screens/review";
import type { Words } from "./words/words";

export class Course {
  #pages: readonly Page[];

  constructor(
    private q: Questionnaire,
    private readonly given: Given,
  ) {
    this.#pages = pagesOf(q, draw);
  }

  /** The same pages in another language. */
  translate(q: Questionnaire): void {
    const items = new Map(q.items.map((item) => [item.id, item]));
    const sections = new Map((q.sections ?? []).map((section) => [section.id, section]));
    this.q = q;
    this.#pages = this.#pages.map((page) => ({
      ...page,
      section: (page.section && sections.get(page.section.id)) ?? null,
      items: page.items.map((item) => items.get(item.id) ?? item),
    }));
  }

  /** Those that ask this person anything. */
  get pages(): readonly Page[] {
    const ids = this.#asked();
    return this.#pages.filter((page) => page.items.some((item) => ids.has(item.id)));
  }

  pageOf(id: string): Page | undefined {
    return this.#pages.find((page) => page.items.some((item) => item.id === id));
  }

  /** The page on this side of one, which perhaps asks nothing any more. */
  beside(page: Page, step: 1 | -1): Page | undefined {
    const all = this.#pages;
    const asking = this.pages;
    for (let at = all.indexOf(page) + step; at >= 0 && at < all.length; at += step) {
      const one = all[at] as Page;
      if (asking.includes(one)) return one;
    }
    return undefined;
  }

  place(page: Page): { readonly at: number; readonly of: number } {
    const { pages } = this;
    return { at: pages.indexOf(page) + 1, of: pages.length + 1 };
  }

  title(page: Page, words: Words): string {
    const title = page.section?.title;
    if (!title) return this.q.title;
    const parts = this.pages.filter(({ section }) => section === page.section);
    return parts.length > 1 ? words.questions.part(title, parts.indexOf(page) + 1, parts.length) : title;
  }

  /** What was asked, section by section. */
  get parts(): readonly Part[] {
    const ids = this.#asked();
    const parts: { title: string | null; items: Item[]; section: unknown }[] = [];
    for (const { section, items } of this.pages) {
      const last = parts[parts.length - 1];
      const shown = items.filter((item) => ids.has(item.id));
      if (last && last.section === section) last.items.push(...shown);
      else parts.push({ title: section?.title ?? null, items: shown, section });
    }
    return parts;
  }

  #asked(): ReadonlySet<string> {
    return new Set(asked(this.q, this.given.answers).map(({ id }) => id));
  }
}
