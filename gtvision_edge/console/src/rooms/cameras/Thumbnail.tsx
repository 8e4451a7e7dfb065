import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "../../i18n";
import { ageOf } from "../../i18n/format";
import { mediaTurns } from "../../player/turns";
import { nowMs } from "../../state/clock";
import { client } from "../../state/session";

const REFRESH_MS = 60_000;
/** A camera that was just added has no picture for a moment; one that is away for long. */
const FIRST_RETRY_MS = 5_000;

interface Shot {
  url: string;
  /** When it was taken by the daemon's word; null when it did not say. */
  takenMs: number | null;
}

/** A recent picture with its age. Only what is near the viewport is fetched, a few at a time. */
export function Thumbnail({ cameraId, large = false }: { cameraId: string; large?: boolean }) {
  const frame = useRef<HTMLDivElement>(null);
  const [isNear, setNear] = useState(false);
  const [shot, setShot] = useState<Shot | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    if (frame.current === null) return undefined;
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), { rootMargin: "200px" });
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!isNear) return undefined;
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let leave: (() => void) | undefined;
    let retryMs = FIRST_RETRY_MS / 2;
    const round = (): void => {
      leave = mediaTurns.take(() => {
        void fetchShot(cameraId, end.signal)
          .then((next) => {
            setShot((before) => replaceShot(before, next));
            return REFRESH_MS;
          })
          .catch(() => {
            if (!end.signal.aborted) setFailed(true);
            retryMs = Math.min(REFRESH_MS, retryMs * 2);
            return retryMs;
          })
          .then((pauseMs) => {
            leave?.();
            if (!end.signal.aborted) timer = setTimeout(round, pauseMs);
          });
      });
    };
    round();
    return () => {
      end.abort();
      clearTimeout(timer);
      leave?.();
    };
  }, [cameraId, isNear]);
  useEffect(() => () => setShot((before) => replaceShot(before, null)), []);
  return (
    <div ref={frame} class={`thumbnail${large ? " large" : ""}`}>
      {shot !== null ? (
        <img src={shot.url} alt="" />
      ) : hasFailed ? (
        <span class="faint">{text.value.cameras.noPicture}</span>
      ) : (
        <i class="skeleton" aria-label={text.value.common.loading} />
      )}
      {shot !== null && shot.takenMs !== null && <Age takenMs={shot.takenMs} />}
    </div>
  );
}

function Age({ takenMs }: { takenMs: number }) {
  const age = ageOf(Math.min(takenMs, nowMs.value), nowMs.value);
  return <small title={text.value.cameras.pictureAge(age)}>{age}</small>;
}

async function fetchShot(cameraId: string, signal: AbortSignal): Promise<Shot> {
  const response = await client.response(`/cameras/${encodeURIComponent(cameraId)}/snapshot`, signal);
  const taken = Date.parse(response.headers.get("X-Picture-Time") ?? "");
  return { url: URL.createObjectURL(await response.blob()), takenMs: Number.isFinite(taken) ? taken : null };
}

function replaceShot(before: Shot | null, next: Shot | null): Shot | null {
  if (before !== null) URL.revokeObjectURL(before.url);
  return next;
}
