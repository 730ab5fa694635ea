import { resolve } from "node:path";
import { defineConfig } from "vite";

// The worker is one classic script at the root, without a hash: browsers look for changes under its one name.
export default defineConfig({
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: false,
    lib: { entry: resolve(import.meta.dirname, "src/sw.ts"), formats: ["iife"], name: "worker", fileName: () => "sw.js" },
  },
});
