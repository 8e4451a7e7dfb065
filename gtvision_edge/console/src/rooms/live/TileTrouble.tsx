import type { Camera } from "../../api/types";
import { text } from "../../i18n";
import { ageOf, causeOf, codecOf, mediaShort, numberOf, timeOf, whenOf } from "../../i18n/format";
import { HLS_NORMAL_DELAY_MS } from "../../player/ladder";
import type { Sighting } from "../../player/player";
import { nowMs } from "../../state/clock";
import { mediaTrouble, zone } from "../../state/site";

/** What lies over a picture: its delay while all is well, and trouble in words with since when and what next. */
export function TileTrouble({ camera, seen }: { camera: Camera; seen: Sighting }) {
  const t = text.value.tile;
  const { state, since, reason } = camera.state;
  const isCameraGone = state === "offline" || state === "unauthorized";
  const isMoving = seen.phase === "live" || seen.phase === "late";
  if (seen.phase === "unplayable") {
    return <UnplayableTrouble codec={seen.codec} />;
  }
  if (seen.isSessionOver && !isMoving) {
    return <StillTrouble title={t.sessionOver} detail={t.sessionOverHint} />;
  }
  // One cause of all tiles is said in few words, and its alarm once: at the top of the page and in the health room.
  if (mediaTrouble.value !== null && !isMoving && !isCameraGone) {
    const { pictureAt } = seen;
    return (
      <div class="middle" role="status">
        <b>{mediaShort(mediaTrouble.value)}</b>
        <span>{pictureAt === null ? t.noPictureYet : t.lastPicture(timeOf(pictureAt, zone.value))}</span>
      </div>
    );
  }
  // The daemon may know before the minute is over that the camera is gone.
  if (seen.phase === "lost" || (isCameraGone && !isMoving)) {
    const from = isCameraGone ? since : (seen.pictureAt ?? seen.stillSince);
    const cause = isCameraGone ? causeOf(reason) : null;
    return (
      <>
        <i class="frame alarm" />
        <span class="flag alarm">{state === "unauthorized" ? t.unauthorized : t.offline}</span>
        <div class="middle" role="status">
          <b>{t.lost}</b>
          <span>
            {t.lostSince(whenOf(from, nowMs.value, zone.value))}
            {cause && ` · ${cause}`}
          </span>
          <span>{seen.retryInS ? t.nextTry(seen.retryInS) : t.retrying}</span>
        </div>
      </>
    );
  }
  return (
    <>
      {state === "online_not_recording" && camera.record && (
        <>
          <i class="frame warn" />
          <span class="flag warn">{t.notRecording(ageOf(since, nowMs.value))}</span>
        </>
      )}
      {seen.phase === "recovering" && (
        <div class="middle" role="status">
          <b>{t.recovering}</b>
          <span>{seen.pictureAt === null ? t.noPictureYet : t.lastPicture(timeOf(seen.pictureAt, zone.value))}</span>
        </div>
      )}
      <Delay seen={seen} />
    </>
  );
}

function Delay({ seen }: { seen: Sighting }) {
  const t = text.value.tile;
  if (seen.phase === "starting") return <span class="lag">{t.opening}</span>;
  if (seen.phase === "recovering") return null;
  if (seen.phase === "late") {
    // By HLS every healthy picture is some seconds old: said, but no reason for a colour.
    const isNormal = seen.transport === "hls" && (seen.delayS ?? 0) * 1000 < HLS_NORMAL_DELAY_MS;
    return <span class={isNormal ? "lag" : "lag late"}>{t.late(numberOf(seen.delayS))}</span>;
  }
  // By WebRTC pictures carry no time of their own: that they move is all that is known.
  if (seen.delayS === null) return <span class="lag">{t.live}</span>;
  return <span class="lag">{numberOf(seen.delayS, 1)} s</span>;
}

/** Says what stands in the way, and its cure in the camera. */
export function UnplayableTrouble({ codec }: { codec: string | null }) {
  const t = text.value.tile;
  if (codec !== null && /h265|hevc|hvc1|hev1/i.test(codec)) return <StillTrouble title={t.h265} detail={t.h265Cure} flag={t.still} />;
  return <StillTrouble title={t.notPlayable} detail={t.notPlayableCure(codecOf(codec))} flag={t.still} />;
}

export function StillTrouble({ title, detail, flag }: { title: string; detail?: string; flag?: string }) {
  return (
    <>
      {flag && <span class="flag plain">{flag}</span>}
      <div class="middle">
        <b>{title}</b>
        {detail && <span>{detail}</span>}
      </div>
    </>
  );
}
