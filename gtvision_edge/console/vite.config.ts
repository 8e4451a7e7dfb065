import { defineConfig } from "vitest/config";

declare const process: { env: Record<string, string | undefined> };

// GTV_BACKEND is the address of a running daemon, for `npx vite` while working on the console.
const backend = process.env.GTV_BACKEND ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    target: "es2022",
    // The page's policy has no data: for fonts and scripts; everything is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  // Style sheets are read by the contrast test; by default vitest leaves them empty.
  test: { css: true, include: ["src/**/*.test.ts"] },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": backend, "/stream": backend, "/ws": { target: backend, ws: true } },
  },
});
