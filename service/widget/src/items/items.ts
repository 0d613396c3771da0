// The view of a question, by its type.

import type { Item } from "../model";
import { choice } from "./choice";
import { choices } from "./choices";
import type { Asking, View } from "./frame";
import { number } from "./number";
import { points } from "./points";
import { ranking } from "./ranking";
import { text } from "./text";

const VIEWS: { readonly [Type in Item["type"]]: (asking: Asking<Extract<Item, { type: Type }>>) => View } = {
  rating: points as (asking: Asking<Extract<Item, { type: "rating" }>>) => View,
  enps: points as (asking: Asking<Extract<Item, { type: "enps" }>>) => View,
  single_choice: choice,
  multiple_choice: choices,
  ranking,
  number,
  text,
};

export function viewOf(asking: Asking): View {
  return (VIEWS[asking.item.type] as (asking: Asking) => View)(asking);
}
