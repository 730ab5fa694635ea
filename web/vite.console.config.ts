import { resolve } from "node:path";
import { defineConfig } from "vite";

// The console's pages are written by the server: its script has one name, and brings its map only where it is drawn on.
export default defineConfig({
  base: "/web/",
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      input: {
        console: resolve(import.meta.dirname, "src/console.ts"),
        fresh: resolve(import.meta.dirname, "src/fresh.ts"),
        duty: resolve(import.meta.dirname, "src/duty.ts"),
        "officer-sw": resolve(import.meta.dirname, "src/officer-sw.ts"),
        passkey: resolve(import.meta.dirname, "src/passkey.ts"),
      },
      output: { entryFileNames: "[name].js" },
    },
  },
});
