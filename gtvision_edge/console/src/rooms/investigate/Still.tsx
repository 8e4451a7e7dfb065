import { useEffect, useRef, useState } from "preact/hooks";
import { client } from "../../state/session";
import { momentOfCamera } from "./store";
import { snap } from "./scale";

const GRID_MS = 2_000;

export function thumbnailUrl(cameraId: string, ms: number, width: number): string {
  return `/api/v1${thumbnailPath(cameraId, ms, width)}`;
}

function thumbnailPath(cameraId: string, ms: number, width: number): string {
  return `/cameras/${encodeURIComponent(cameraId)}/thumbnails/${encodeURIComponent(new Date(ms).toISOString())}?width=${width}`;
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

interface Picture {
  address: string;
  /** When it was taken. */
  timeMs: number;
}

/** Fetches pictures with the time they were taken at, one at a time; of those asked for meanwhile only the newest counts. */
function useNewestPicture(wanted: string): Picture | null {
  const [shown, setShown] = useState<Picture | null>(null);
  const newest = useRef(wanted);
  const isBusy = useRef(false);
  const isClosed = useRef(false);
  newest.current = wanted;
  useEffect(() => {
    const load = async (path: string): Promise<void> => {
      isBusy.current = true;
      const picture = await fetchPicture(path).catch(() => null);
      isBusy.current = false;
      if (isClosed.current) {
        if (picture !== null) URL.revokeObjectURL(picture.address);
        return;
      }
      // What could not be had leaves the one before in sight, under its own time.
      if (picture !== null) setShown(picture);
      if (newest.current !== path) void load(newest.current);
    };
    if (!isBusy.current) void load(wanted);
  }, [wanted]);
  useEffect(() => () => {
    if (shown !== null) URL.revokeObjectURL(shown.address);
  }, [shown]);
  useEffect(() => () => {
    isClosed.current = true;
  }, []);
  return shown;
}

async function fetchPicture(path: string): Promise<Picture | null> {
  const answer = await client.response(path);
  const timeMs = Date.parse(answer.headers.get("X-GTV-Time") ?? "");
  return Number.isFinite(timeMs) ? { address: URL.createObjectURL(await answer.blob()), timeMs } : null;
}

/** Where a browser cannot play the recording: its key frames, as the position moves. *onTime* is told when the one in sight was taken. */
export function Still({ cameraId, onTime }: { cameraId: string; onTime: (ms: number | null) => void }) {
  const picture = useNewestPicture(thumbnailPath(cameraId, snap(momentOfCamera(cameraId), GRID_MS), 320));
  useEffect(() => onTime(picture?.timeMs ?? null), [picture]);
  return picture === null ? null : <img class="still" src={picture.address} alt="" />;
}
