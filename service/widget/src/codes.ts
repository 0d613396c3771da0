// What a participation code says of itself: of which wave it is, and whose it is among that wave's codes. Whether it is
// a true one the service alone can tell.

import { native } from "./native";

export interface Right {
  /** Tenant and wave, as a wave's address says them. */
  readonly place: string;
  /** The same in every code of one person, whatever its version. */
  readonly serial: string;
}

const DASHES = /-/g;
const UNDERLINES = /_/g;
const PLACE_AT = 1;
const SERIAL_AT = 33;
/** How many bytes a serial takes, by the byte that a code begins with: its version. */
const SERIAL_BYTES: Readonly<Record<string, number>> = { "\x01": 4, "\x02": 8 };

/** Null where it is no code of a version that there is. */
export function rightOf(code: string): Right | null {
  const bytes = bytesOf(code);
  const end = SERIAL_AT + (SERIAL_BYTES[bytes[0] ?? ""] ?? Infinity);
  if (bytes.length < end) return null;
  let place = "";
  let serial = "";
  for (let at = PLACE_AT; at < SERIAL_AT; at += 1) place += bytes[at];
  for (let at = SERIAL_AT; at < end; at += 1) if (serial !== "" || bytes[at] !== "\0") serial += bytes[at];
  return { place, serial };
}

/** Whether it is a right to answer the wave of this address. */
export function isOf(right: Right, address: string): boolean {
  return right.place === bytesOf(address);
}

/** One character a byte; none where it is not URL-safe base64. */
function bytesOf(text: string): string {
  try {
    return native.bytes(native.replace(native.replace(text, DASHES, "+"), UNDERLINES, "/"));
  } catch {
    return "";
  }
}
