// What the tests ask of the widget's logic, in one module.

import { pagesOf } from "../../service/widget/src/pages";
import type { Questionnaire } from "../../service/widget/src/model";

export { Api } from "../../service/widget/src/api";
export { asked, holds, toSend } from "../../service/widget/src/asked";
export { faultOf } from "../../service/widget/src/check";
export { isOf, rightOf } from "../../service/widget/src/codes";
export { draw } from "../../service/widget/src/draw";
export { filled } from "../../service/widget/src/pipes";
export { trendOf } from "../../service/widget/src/result_api";
export { chosen, told } from "../../service/widget/src/result_told";
export { Sending } from "../../service/widget/src/sending";
export { isBlank, lengthOf, numberIn, plain } from "../../service/widget/src/typed";

/** The ids on each page, where chance gives these parts of 1, again and again. */
export function pagesBy(q: Questionnaire, chances: readonly number[]): unknown {
  let next = 0;
  const draw = (below: number): number => Math.floor((chances[next++ % chances.length] ?? 0) * below);
  return pagesOf(q, draw).map((page) => ({
    section: page.section?.id ?? null,
    items: page.items.map((item) => item.id),
    isMatrix: page.isMatrix,
  }));
}
