export function CamerasRoom() {
  return null;
}
