// What the tests are given by the process that runs them.
interface ImportMeta {
  readonly env: Record<string, string | undefined>;
}
