/** Fingers press no keys: what only a keyboard can do is not offered to them. */
export function isTouch(): boolean {
  return typeof matchMedia !== "undefined" && matchMedia("(pointer: coarse)").matches;
}
