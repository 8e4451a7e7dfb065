import type { Signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../../api/types";
import { text } from "../../i18n";
import { betterFor, choosePath, transportsFor } from "../../player/choice";
import { Player, type Sighting } from "../../player/player";
import { go } from "../../state/route";
import { status } from "../../state/site";
import { Button } from "../../ui/parts";
import { Poster } from "./Poster";
import { reviewHash } from "./review";
import { soundOf } from "./store";
import { StillTrouble, TileTrouble, UnplayableTrouble } from "./TileTrouble";

/** What cannot play is shown as a still picture, taken anew this often. */
const STILL_MS = 10_000;

interface TileProps {
  camera: Camera;
  number: number;
  isSelected: boolean;
  isLarge: boolean;
  canClear: boolean;
  onSelect: () => void;
  onLarge: () => void;
  onClear: () => void;
}

/** One camera in the mosaic: its picture, its name, its delay, and its trouble in words. */
export function Tile({ camera, number, isSelected, isLarge, canClear, onSelect, onLarge, onClear }: TileProps) {
  const t = text.value.live;
  const box = useRef<HTMLDivElement>(null);
  const hasSound = soundOf.value === camera.camera_id;
  const choice = choosePath(camera, isLarge);
  useLayoutEffect(() => {
    if (isSelected && document.activeElement?.closest(".mosaic")) box.current?.focus({ preventScroll: true });
  }, [isSelected]);
  return (
    <div
      ref={box}
      class={`tile${isSelected ? " selected" : ""}${isLarge ? " large" : ""}`}
      role="group"
      tabIndex={isSelected || (number === 1 && !isSelected) ? 0 : -1}
      aria-label={t.tileOf(camera.name, number)}
      draggable={canClear}
      onDragStart={(event) => event.dataTransfer?.setData("text/gtv-camera", camera.camera_id)}
      onClick={onSelect}
      onFocus={onSelect}
      onDblClick={onLarge}
    >
      {!camera.enabled ? (
        <StillTrouble title={text.value.tile.disabled} />
      ) : choice.path === null ? (
        <Unplayable camera={camera} codec={choice.blockedBy} />
      ) : (
        <Picture key={camera.camera_uuid} camera={camera} path={choice.path} isMuted={!hasSound} />
      )}
      <span class="tile-name" title={camera.name}>{camera.name}</span>
      <span class="tile-tools">
        {camera.profiles.main?.audio_codec && (
          <Button
            icon={hasSound ? "sound" : "mute"}
            label={t.sound}
            pressed={hasSound}
            onClick={() => {
              soundOf.value = hasSound ? null : camera.camera_id;
            }}
          />
        )}
        <Button icon="rewind" label={t.review} onClick={() => go(reviewHash(camera.camera_id))} />
        {canClear && !isLarge && <Button icon="close" label={t.clear} onClick={onClear} />}
        <Button icon={isLarge ? "shrink" : "expand"} label={isLarge ? t.restore : t.maximise} onClick={onLarge} />
      </span>
    </div>
  );
}

interface PictureProps {
  camera: Camera;
  path: string;
  isMuted: boolean;
}

/** The moving picture. A change of path keeps the last picture in sight until the new one moves. */
function Picture({ camera, path, isMuted }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const [sighting, setSighting] = useState<Signal<Sighting> | null>(null);
  const [blocked, setBlocked] = useState<string | null>(null);
  const [hasStill, setHasStill] = useState(false);
  // What this browser refused at the large size may still play at the small one.
  const playedPath = blocked === path && path !== camera.paths.live && camera.profiles.sub ? camera.paths.live : path;
  const { main, sub } = camera.profiles;
  const sound = isMuted ? null : ((playedPath === camera.paths.rec ? main : (sub ?? main))?.audio_codec ?? null);
  // Not asked again while it plays: a player changes its way only when that one fails.
  const offered = `${status.value?.media_server?.kind} ${status.value?.media_server?.webrtc} ${sound}`;
  useEffect(() => {
    if (video.current === null) return undefined;
    const element = video.current;
    const keep = (): void => {
      if (keepStill(element, still.current)) setHasStill(true);
    };
    const player = new Player(element, playedPath, transportsFor(status.value, sound), keep, betterFor(status.value, sound), sighting?.peek() ?? null);
    setSighting(player.sighting);
    return () => player.close();
  }, [playedPath, offered]);

  const seen = sighting?.value;
  useEffect(() => {
    if (seen?.phase === "unplayable" && blocked !== path) setBlocked(path);
  }, [seen?.phase]);
  const isMoving = (seen?.phase === "live" || seen?.phase === "late") && !seen.isPlaceholder;
  useEffect(() => {
    if (!isMoving) return;
    // A still of another shape would stand out beside what moves now.
    if (still.current) still.current.width = 0;
    setHasStill(false);
  }, [isMoving]);
  useEffect(() => {
    if (video.current) video.current.muted = isMuted;
  }, [isMuted]);
  return (
    <div class={`picture ${seen?.phase ?? "starting"}${seen?.isPlaceholder ? " placeholder" : ""}`}>
      <Poster
        paths={[playedPath, camera.paths.rec]}
        isWanted={!hasStill && (!seen || seen.pictureAt === null || seen.isPlaceholder)}
        everyMs={seen?.phase === "unplayable" ? STILL_MS : undefined}
      />
      <canvas ref={still} />
      <video ref={video} data-transport={seen?.transport} muted autoplay playsInline disablePictureInPicture />
      {seen && <TileTrouble camera={camera} seen={seen} />}
    </div>
  );
}

function Unplayable({ camera, codec }: { camera: Camera; codec: string | null }) {
  return (
    <div class="picture unplayable">
      <Poster paths={[camera.paths.rec]} isWanted everyMs={STILL_MS} />
      <UnplayableTrouble codec={codec} />
    </div>
  );
}

/** Draw the picture on display; false when there is none. */
function keepStill(video: HTMLVideoElement, canvas: HTMLCanvasElement | null): boolean {
  if (canvas === null || video.readyState < 2 || video.videoWidth === 0) return false;
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return true;
}
