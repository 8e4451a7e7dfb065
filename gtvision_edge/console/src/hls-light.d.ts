/** The light build (no subtitles, no DRM) is typed like the whole one; the package does not say so. */
declare module "hls.js/light" {
  export * from "hls.js";
  export { default } from "hls.js";
}
