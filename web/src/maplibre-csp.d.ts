// The build without blob workers, which our Content-Security-Policy does not allow, has the same types.
declare module "maplibre-gl/dist/maplibre-gl-csp" {
  export * from "maplibre-gl";
  export { default } from "maplibre-gl";
}
declare module "*?url" {
  const url: string;
  export default url;
}
declare module "*.css";
