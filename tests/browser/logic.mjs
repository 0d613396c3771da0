// Calls the widget's logic: `node logic.mjs BUNDLE`.
// A line of input is a list of calls, a line of output their results.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const logic = await import(pathToFileURL(process.argv[2]).href);
for await (const line of createInterface({ input: process.stdin })) {
  const results = JSON.parse(line).map((call) => logic[call.function](...call.arguments));
  process.stdout.write(`${JSON.stringify(results)}\n`);
}
