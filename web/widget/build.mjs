// Bundles the widget into one file, dist/xiaoer.js (or the file that is named as the argument).

import { build } from "esbuild";

await build({
  entryPoints: [new URL("src/index.ts", import.meta.url).pathname],
  outfile: process.argv[2] || new URL("dist/xiaoer.js", import.meta.url).pathname,
  bundle: true,
  format: "iife",
  platform: "browser",
  target: ["es2020", "safari15"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  loader: { ".css": "text" },
  banner: { js: "/*! Xiaoer chat widget, Apache-2.0. Holds socket.io-client (MIT): see THIRD-PARTY.LICENSE. Made by `make widget`. */" },
  logLevel: "warning",
});
