import { useEffect, useState } from "preact/hooks";
import { mediaTurns } from "../../player/turns";

interface PosterProps {
  /** Tried in turn until one has a picture. */
  paths: readonly string[];
  isWanted: boolean;
  /** Fetch a new one this often. */
  everyMs?: number | undefined;
}

/** The newest key frame as a still picture, there before the video is. */
export function Poster({ paths, isWanted, everyMs }: PosterProps) {
  const [shown, setShown] = useState<string | null>(null);
  const key = paths.join("|");
  useEffect(() => {
    if (!isWanted) return undefined;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let leave: (() => void) | null = null;

    function attempt(at: number): void {
      const path = paths[at];
      if (path === undefined) {
        timer = setTimeout(() => attempt(0), everyMs ?? 5_000);
        return;
      }
      const image = new Image();
      const url = `/stream/${encodeURIComponent(path)}/poster.jpg?at=${Date.now()}`;
      const end = (next: () => void): void => {
        leave?.();
        if (!isOver) next();
      };
      image.onload = () =>
        end(() => {
          setShown(url);
          if (everyMs !== undefined) timer = setTimeout(() => attempt(0), everyMs);
        });
      image.onerror = () => end(() => attempt(at + 1));
      leave = mediaTurns.take(() => {
        image.src = url;
      });
    }

    attempt(0);
    return () => {
      isOver = true;
      clearTimeout(timer);
      leave?.();
    };
  }, [key, isWanted, everyMs]);
  return shown === null ? null : <img class="poster" src={shown} alt="" draggable={false} />;
}
