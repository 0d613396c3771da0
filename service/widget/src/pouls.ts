// The elements, defined once however often a page has this script.

import { PoulsPulse } from "./pulse";
import { PoulsResult } from "./result";

for (const [name, element] of [["pouls-pulse", PoulsPulse], ["pouls-result", PoulsResult]] as const) {
  if (!customElements.get(name)) customElements.define(name, element);
}
