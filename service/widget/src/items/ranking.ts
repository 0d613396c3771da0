// Options put in order, by buttons: no dragging, which neither a keyboard nor a trembling hand does.

import { el, fill, focusOn, heard, icon, ICONS } from "../dom";
import type { Option, RankingItem } from "../model";
import { type Asking, Frame, type View } from "./frame";

type Move = "up" | "down" | "out";

export function ranking(asking: Asking<RankingItem>): View {
  const { item } = asking;
  const words = asking.words.questions;
  const frame = new Frame(asking, "group", words.rank(item.max_ranks, item.options.length));
  const ordered = el("ol", { class: "ranked", "aria-labelledby": frame.id("ranked") });
  const empty = el("p", { class: "hint", lang: asking.words.code }, words.nothingRanked);
  const left = el("ul", { class: "unranked", "aria-labelledby": frame.id("unranked") });
  const leftTitle = el("p", { class: "small", id: frame.id("unranked"), lang: asking.words.code }, words.unranked);
  frame.body.append(
    el("p", { class: "small", id: frame.id("ranked"), lang: asking.words.code }, words.ranked),
    empty,
    ordered,
    leftTitle,
    left,
  );
  const refusal = frame.refusal((refused) => {
    asking.take(null, refused);
    show();
  });
  frame.piped.also(show);
  show();
  return frame;

  function order(): readonly string[] {
    const given = asking.answer();
    return typeof given === "object" && given !== null ? given : [];
  }

  function show(): void {
    const taken = order();
    const ranked = taken
      .map((id) => item.options.find((option) => option.id === id))
      .filter((one) => one !== undefined);
    const others = item.options.filter((option) => !taken.includes(option.id));
    fill(ordered, ...ranked.map(rankedRow));
    fill(left, ...others.map(otherRow));
    empty.hidden = ranked.length > 0;
    ordered.hidden = ranked.length === 0;
    leftTitle.hidden = left.hidden = others.length === 0;
  }

  function rankedRow(option: Option, at: number, all: readonly Option[]): HTMLElement {
    const text = asking.text(option.text);
    const button = (move: Move, possible: boolean): HTMLElement =>
      el(
        "button",
        {
          type: "button",
          class: "square",
          id: frame.id(`${option.id}-${move}`),
          "aria-disabled": !possible && "true",
          onclick: () => possible && moved(option, at, move),
        },
        icon(ICONS[move]),
        heard(words[move](text)),
      );
    const buttons = [button("up", at > 0), button("down", at < all.length - 1), button("out", true)];
    return el(
      "li",
      {},
      el("span", { class: "place", "aria-hidden": "true" }, `${at + 1}`),
      el("span", { class: "name" }, text),
      el("span", { class: "moves" }, ...buttons),
    );
  }

  function otherRow(option: Option): HTMLElement {
    const text = asking.text(option.text);
    const button = el(
      "button",
      {
        type: "button",
        class: "choice add",
        id: frame.id(`${option.id}-add`),
        "aria-label": words.add(text),
        onclick: () => added(option),
      },
      icon(ICONS.add),
      el("span", {}, text),
    );
    return el("li", {}, button);
  }

  function added(option: Option): void {
    const taken = order();
    if (taken.length >= item.max_ranks) {
      const full = asking.words.faults.full(item.max_ranks);
      frame.complain(full);
      asking.say(full);
      return;
    }
    const at = [...left.children].findIndex((row) => row.querySelector(`#${frame.id(`${option.id}-add`)}`));
    refusal.checked = false;
    take([...taken, option.id]);
    const next = left.children[Math.min(at, left.children.length - 1)] ?? ordered.lastElementChild;
    focusOn(next?.querySelector("button"));
    asking.say(words.placed(asking.text(option.text), taken.length + 1, taken.length + 1));
  }

  function moved(option: Option, at: number, move: Move): void {
    const rest = order().filter((id) => id !== option.id);
    const to = move === "up" ? at - 1 : at + 1;
    take(move === "out" ? rest : [...rest.slice(0, to), option.id, ...rest.slice(to)]);
    const text = asking.text(option.text);
    const focused = move === "out" ? `${option.id}-add` : `${option.id}-${move}`;
    focusOn(frame.node.querySelector<HTMLElement>(`#${frame.id(focused)}`));
    asking.say(move === "out" ? words.takenOut(text) : words.placed(text, to + 1, rest.length + 1));
  }

  function take(taken: readonly string[]): void {
    asking.take(taken.length > 0 ? taken : null);
    frame.complain(null);
    show();
  }
}
