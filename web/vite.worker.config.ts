import { resolve } from "node:path";
import { defineConfig } from "vite";

const SCRIPT: Record<string, string> = { production: "sw", drills: "drill-sw" };

// A worker is one classic script at the root, without a hash: browsers look for changes under its one name.
export default defineConfig(({ mode }) => ({
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: false,
    lib: { entry: resolve(import.meta.dirname, `src/${SCRIPT[mode]}.ts`), formats: ["iife"], name: "worker", fileName: () => `${SCRIPT[mode]}.js` },
  },
}));
