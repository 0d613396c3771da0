// The file `result.js`: the card of a unit's results.

import { define } from "./define";
import { PoulsResult } from "./result";

define("pouls-result", PoulsResult);
