// Puts the widget into one file: `npm ci --ignore-scripts && node build.mjs [FILE]`. The same sources give the same bytes.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
await build({
  absWorkingDir: here,
  entryPoints: ["src/pouls.ts"],
  outfile: process.argv[2] ?? "static/pouls.js",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome100", "firefox110", "safari16"],
  charset: "utf8",
  legalComments: "none",
});
