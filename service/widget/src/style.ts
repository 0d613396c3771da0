// The looks of <pouls-pulse>, as style sheets that a page which forbids inline styles still takes.

import { CONTROLS } from "./style_controls";
import { FORM } from "./style_form";
import { SCREENS } from "./style_screens";
import { TOKENS } from "./style_tokens";

let made: CSSStyleSheet[] | null = null;

/** Made once, for all elements of a page. */
export function sheets(): CSSStyleSheet[] {
  made ??= [TOKENS, CONTROLS, FORM, SCREENS].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  return made;
}
