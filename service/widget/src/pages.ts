// The questionnaire as pages, fixed for one respondent.

import type { Item, Questionnaire, Section } from "./model";

export interface Page {
  readonly section: Section | null;
  readonly items: readonly Item[];
  readonly isMatrix: boolean;
}

const MOST_ITEMS = 5;
/** Of a section, whose items belong together. */
const MOST_OF_SECTION = 6;

/** `draw` gives a whole number from 0 up to below its argument; each shuffled section draws its order once. */
export function pagesOf(q: Questionnaire, draw: (below: number) => number): readonly Page[] {
  const sections = q.sections ?? [];
  const byId = new Map(q.items.map((item) => [item.id, item]));
  const pages: Page[] = [];
  for (const section of sections) {
    const items = section.items.map((id) => byId.get(id)).filter((item) => item !== undefined);
    const ordered = section.order === "random" ? shuffled(items, draw) : items;
    if (section.layout === "matrix") pages.push({ section, items: ordered, isMatrix: true });
    else pages.push(...cut(section, ordered, MOST_OF_SECTION));
  }
  const held = new Set(sections.flatMap((section) => section.items));
  const others = q.items.filter((item) => !held.has(item.id));
  return [...pages, ...cut(null, others, MOST_ITEMS)];
}

function cut(section: Section | null, items: readonly Item[], most: number): readonly Page[] {
  const count = Math.ceil(items.length / most);
  const each = Math.ceil(items.length / count); // pages of like length, not a full one and a rest of one item
  return Array.from({ length: count }, (_, at) => ({
    section,
    items: items.slice(at * each, (at + 1) * each),
    isMatrix: false,
  }));
}

function shuffled(items: readonly Item[], draw: (below: number) => number): readonly Item[] {
  const left = [...items];
  const order: Item[] = [];
  while (left.length > 0) order.push(...left.splice(draw(left.length), 1));
  return order;
}
