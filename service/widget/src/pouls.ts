// The file `pouls.js`: the pulse.

import { define } from "./define";
import { PoulsPulse } from "./pulse";

define("pouls-pulse", PoulsPulse);
