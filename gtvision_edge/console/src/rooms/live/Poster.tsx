import { useEffect, useState } from "preact/hooks";
import { loadPicture } from "../../player/picture";

/** A camera that has no picture is asked for one less and less often. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;

interface PosterProps {
  /** Tried in turn until one has a picture. */
  paths: readonly string[];
  isWanted: boolean;
  /** Fetch a new one this often. */
  everyMs?: number | undefined;
}

/** The newest key frame as a still picture, there before the video is and gone once it moves. */
export function Poster({ paths, isWanted, everyMs }: PosterProps) {
  const [shown, setShown] = useState<string | null>(null);
  const key = paths.join("|");
  useEffect(() => {
    if (!isWanted) {
      // Were it kept, an old picture would come back when one is wanted again.
      setShown((before) => replaced(before, null));
      return undefined;
    }
    const end = new AbortController();
    let retryMs = FIRST_RETRY_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function round(): Promise<void> {
      for (const path of paths) {
        try {
          const url = await loadPicture(`/stream/${encodeURIComponent(path)}/poster.jpg?at=${Date.now()}`, end.signal);
          if (end.signal.aborted) URL.revokeObjectURL(url);
          else {
            setShown((before) => replaced(before, url));
            if (everyMs !== undefined) timer = setTimeout(() => void round(), everyMs);
          }
          return;
        } catch {
          if (end.signal.aborted) return;
        }
      }
      timer = setTimeout(() => void round(), Math.max(everyMs ?? 0, retryMs));
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
    }

    void round();
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [key, isWanted, everyMs]);
  useEffect(() => () => setShown((before) => replaced(before, null)), []);
  // Hidden, not only covered: the sub stream may have another shape than the picture.
  return shown === null || !isWanted ? null : <img class="poster" src={shown} alt="" draggable={false} />;
}

function replaced(before: string | null, next: string | null): string | null {
  if (before !== null) URL.revokeObjectURL(before);
  return next;
}
