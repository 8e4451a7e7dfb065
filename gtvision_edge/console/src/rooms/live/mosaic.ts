/** Which camera stands where. Pure: what the room shows and saves is computed here. */
import type { Camera, Layout, MosaicBody } from "../../api/types";

export const LAYOUTS: readonly Layout[] = ["1x1", "2x2", "3x3", "4x4", "1+5"];

const TILES: Record<Layout, number> = { "1x1": 1, "2x2": 4, "3x3": 9, "4x4": 16, "1+5": 6 };

export const LAYOUT_NAMES: Record<Layout, string> = { "1x1": "1", "2x2": "2×2", "3x3": "3×3", "4x4": "4×4", "1+5": "1+5" };

export function tilesOf(layout: Layout): number {
  return TILES[layout];
}

/** The smallest layout that holds *count* cameras, or the largest there is. */
export function fittingLayout(count: number): Layout {
  if (count <= 1) return "1x1";
  if (count <= 4) return "2x2";
  if (count <= 6) return "1+5";
  return count <= 9 ? "3x3" : "4x4";
}

/** Fill or cut the list to the layout's tiles; unknown places are empty. */
export function seats(cameras: readonly (string | null)[], layout: Layout): (string | null)[] {
  return Array.from({ length: tilesOf(layout) }, (_, at) => cameras[at] ?? null);
}

/** What is shown while nobody has saved a mosaic: all cameras, in their order. */
export function automaticMosaic(cameras: readonly Camera[], name: string): MosaicBody {
  const layout = fittingLayout(cameras.length);
  return { nome: name, layout, cameras: seats(cameras.map((camera) => camera.camera_id), layout) };
}

/**
 * Change the layout. Cameras stay where they are; the ones that lose their tile move into free ones.
 *
 * Those that find none wait behind the last tile, so that a larger layout brings them back; only saving
 * (`seats`) lets go of them.
 */
export function relayout(mosaic: MosaicBody, layout: Layout): MosaicBody {
  const next = seats(mosaic.cameras, layout);
  const waiting: string[] = [];
  for (const homeless of mosaic.cameras.slice(next.length)) {
    if (homeless === null) continue;
    const free = next.indexOf(null);
    if (free >= 0) next[free] = homeless;
    else waiting.push(homeless);
  }
  return { ...mosaic, layout, cameras: [...next, ...waiting] };
}

/** How many cameras have no tile in the present layout. */
export function waitingCount(mosaic: MosaicBody): number {
  return mosaic.cameras.slice(tilesOf(mosaic.layout)).filter((id) => id !== null).length;
}

/** Put a camera into a tile. A camera that already has a tile changes places with the one it meets. */
export function placeCamera(mosaic: MosaicBody, cameraId: string, tile: number): MosaicBody {
  if (tile < 0 || tile >= tilesOf(mosaic.layout)) return mosaic;
  const next = withWaiting(mosaic);
  const from = next.indexOf(cameraId);
  if (from >= 0) next[from] = next[tile] ?? null;
  next[tile] = cameraId;
  return { ...mosaic, cameras: next };
}

export function clearTile(mosaic: MosaicBody, tile: number): MosaicBody {
  return { ...mosaic, cameras: withWaiting(mosaic).map((id, at) => (at === tile ? null : id)) };
}

function withWaiting(mosaic: MosaicBody): (string | null)[] {
  return [...seats(mosaic.cameras, mosaic.layout), ...mosaic.cameras.slice(tilesOf(mosaic.layout))];
}

export function isSameMosaic(one: MosaicBody, other: MosaicBody): boolean {
  return (
    one.nome === other.nome &&
    one.layout === other.layout &&
    seats(one.cameras, one.layout).join() === seats(other.cameras, other.layout).join()
  );
}

/** The pages of a sequence: every camera once, in the present layout, the last page filled up with empty tiles. */
export function sequencePages(cameras: readonly string[], layout: Layout): (string | null)[][] {
  const size = tilesOf(layout);
  const pages: (string | null)[][] = [];
  for (let at = 0; at < cameras.length; at += size) pages.push(seats(cameras.slice(at, at + size), layout));
  return pages;
}

const COLUMNS: Record<Layout, number> = { "1x1": 1, "2x2": 2, "3x3": 3, "4x4": 4, "1+5": 3 };

/** The tile reached by an arrow key. In 1+5 the large tile counts as the first of the top row. */
export function neighbour(layout: Layout, tile: number, key: string): number {
  const last = tilesOf(layout) - 1;
  const columns = COLUMNS[layout];
  const stepBy: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const moved = tile + (stepBy[key] ?? 0);
  return moved < 0 || moved > last ? tile : moved;
}
