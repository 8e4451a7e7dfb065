/** The little that a live player must read from fragmented MP4: where on the media's line a fragment lies. */

export interface VideoTrack {
  id: number;
  timescale: number;
}

interface Box {
  type: string;
  start: number;
  end: number;
}

function* boxesIn(view: DataView, start: number, end: number): Generator<Box> {
  let at = start;
  while (at + 8 <= end) {
    let size = view.getUint32(at);
    let header = 8;
    const type = String.fromCharCode(
      view.getUint8(at + 4),
      view.getUint8(at + 5),
      view.getUint8(at + 6),
      view.getUint8(at + 7),
    );
    if (size === 1) {
      if (at + 16 > end) return;
      size = Number(view.getBigUint64(at + 8));
      header = 16;
    } else if (size === 0) {
      size = end - at;
    }
    if (size < header || at + size > end) return;
    yield { type, start: at + header, end: at + size };
    at += size;
  }
}

function find(view: DataView, within: { start: number; end: number }, path: readonly string[]): Box | null {
  const [first, ...rest] = path;
  for (const box of boxesIn(view, within.start, within.end)) {
    if (box.type === first) return rest.length === 0 ? box : find(view, box, rest);
  }
  return null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Read the video track of an init segment; null when it has none or is not understood. */
export function videoTrackOf(init: Uint8Array): VideoTrack | null {
  const view = viewOf(init);
  const moov = find(view, { start: 0, end: init.byteLength }, ["moov"]);
  if (moov === null) return null;
  for (const trak of boxesIn(view, moov.start, moov.end)) {
    if (trak.type !== "trak") continue;
    const tkhd = find(view, trak, ["tkhd"]);
    const mdhd = find(view, trak, ["mdia", "mdhd"]);
    const hdlr = find(view, trak, ["mdia", "hdlr"]);
    if (tkhd === null || mdhd === null || hdlr === null) continue;
    // hdlr: version and flags, pre_defined, then the handler's four letters.
    if (view.getUint32(hdlr.start + 8) !== 0x76696465) continue;
    const isLongTkhd = view.getUint8(tkhd.start) === 1;
    const isLongMdhd = view.getUint8(mdhd.start) === 1;
    return {
      id: view.getUint32(tkhd.start + (isLongTkhd ? 20 : 12)),
      timescale: view.getUint32(mdhd.start + (isLongMdhd ? 20 : 12)),
    };
  }
  return null;
}

/** Seconds on the media's line at which *track* begins in this fragment; null when it holds none of it. */
export function decodeTimeOf(fragment: Uint8Array, track: VideoTrack): number | null {
  const view = viewOf(fragment);
  for (const moof of boxesIn(view, 0, fragment.byteLength)) {
    if (moof.type !== "moof") continue;
    for (const traf of boxesIn(view, moof.start, moof.end)) {
      if (traf.type !== "traf") continue;
      const tfhd = find(view, traf, ["tfhd"]);
      const tfdt = find(view, traf, ["tfdt"]);
      if (tfhd === null || tfdt === null || view.getUint32(tfhd.start + 4) !== track.id) continue;
      const isLong = view.getUint8(tfdt.start) === 1;
      const ticks = isLong ? Number(view.getBigUint64(tfdt.start + 4)) : view.getUint32(tfdt.start + 4);
      return ticks / track.timescale;
    }
  }
  return null;
}

/** Remembers which media time was which moment, so that the displayed picture can be dated. */
export class Timeline {
  #marks: { mediaS: number; utcMs: number }[] = [];

  mark(mediaS: number, utcMs: number): void {
    this.#marks.push({ mediaS, utcMs });
    // 60 marks of half a second cover more than the buffer keeps.
    if (this.#marks.length > 60) this.#marks.shift();
  }

  /** The moment shown at *mediaS*, or null before the first mark. */
  momentAt(mediaS: number): number | null {
    for (let at = this.#marks.length - 1; at >= 0; at -= 1) {
      const mark = this.#marks[at];
      if (mark !== undefined && mark.mediaS <= mediaS + 0.001) return mark.utcMs + (mediaS - mark.mediaS) * 1000;
    }
    return null;
  }
}
