// How codes arrive, for a page to try.

import { arriving, codeIn } from "../../service/widget/src/arriving";

Object.assign(window, { arriving, codeIn });
