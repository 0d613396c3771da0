// Chance, of the kind that nobody can foretell.

import { native } from "./native";

const BYTES = 4;
const SPAN = 2 ** (8 * BYTES);

/** A whole number from 0 up to below `below`, each as likely as the others. */
export function draw(below: number): number {
  const fair = SPAN - (SPAN % below); // what lies above would favour the low ones
  for (;;) {
    const number = native.randomBytes(BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
    if (number < fair) return number % below;
  }
}
