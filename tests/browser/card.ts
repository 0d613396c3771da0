// The card alone, for tests to look at.

import { PoulsResult } from "../../service/widget/src/result";

customElements.define("pouls-result", PoulsResult);
