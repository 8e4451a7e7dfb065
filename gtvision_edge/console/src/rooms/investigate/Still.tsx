import { useEffect, useRef, useState } from "preact/hooks";
import { momentOfCamera } from "./store";
import { snap } from "./scale";

const GRID_MS = 2_000;

export function thumbnailUrl(cameraId: string, ms: number, width: number): string {
  return `/api/v1/cameras/${encodeURIComponent(cameraId)}/thumbnails/${encodeURIComponent(new Date(ms).toISOString())}?width=${width}`;
}

/** Loads pictures one at a time; of those asked for meanwhile only the newest counts. */
export function useNewest(wanted: string | null): string | null {
  const [shown, setShown] = useState<string | null>(null);
  const state = useRef<{ busy: boolean; next: string | null; closed: boolean }>({ busy: false, next: null, closed: false });
  useEffect(() => {
    state.current.closed = false;
    return () => {
      state.current.closed = true;
    };
  }, []);
  useEffect(() => {
    const load = (url: string): void => {
      state.current.busy = true;
      const image = new Image();
      const done = (isGood: boolean): void => {
        const next = state.current.next;
        state.current.busy = false;
        state.current.next = null;
        if (state.current.closed) return;
        setShown(isGood ? url : null);
        if (next !== null && next !== url) load(next);
      };
      image.onload = () => done(true);
      image.onerror = () => done(false);
      image.src = url;
    };
    if (wanted === null) state.current.next = null;
    else if (state.current.busy) state.current.next = wanted;
    else load(wanted);
  }, [wanted]);
  return wanted === null ? null : shown;
}

/** Where a browser cannot play the recording: its key frames, as the position moves. */
export function Still({ cameraId }: { cameraId: string }) {
  const url = useNewest(thumbnailUrl(cameraId, snap(momentOfCamera(cameraId), GRID_MS), 320));
  return url === null ? null : <img class="still" src={url} alt="" />;
}
