import { resolve } from "node:path";
import { defineConfig } from "vite";

// Served under /web/ by the residents' process; names in assets/ carry a hash of their content.
export default defineConfig({
  base: "/web/",
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rollupOptions: { input: { signup: resolve(import.meta.dirname, "signup.html"), now: resolve(import.meta.dirname, "now.html") } },
  },
});
