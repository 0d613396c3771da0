// Puts each element into one file: `npm ci --ignore-scripts && node build.mjs [FOLDER]`. The same sources give the same
// bytes. Two files, since who answers a pulse does not need the card, nor who looks at results the pulse.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

await build({
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryPoints: { pouls: "src/pouls.ts", result: "src/card.ts" },
  outdir: process.argv[2] ?? "static",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome100", "firefox110", "safari16"],
  charset: "utf8",
  legalComments: "none",
});
