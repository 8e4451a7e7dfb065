import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../../api/types";
import { midnightOf } from "./when";
import { codecOf, dateTimeOf, text, timeOf } from "./words";
import { nowMs } from "../../state/clock";
import { zone } from "../../state/site";
import { Deck, type DeckSight } from "./deck";
import { addDeck } from "./engine";
import { chosen, laneOf, momentOfCamera, select, selected, skipped } from "./store";
import { Still } from "./Still";

/** The players: the selected one large, the others beside it. */
export function Stage({ cameras }: { cameras: readonly Camera[] }) {
  return (
    <div class={`stage n${cameras.length}`}>
      {cameras.map((camera) => (
        <Player key={camera.camera_uuid} camera={camera} />
      ))}
      <Skipped />
    </div>
  );
}

function Player({ camera }: { camera: Camera }) {
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const [deck, setDeck] = useState<Deck | null>(null);
  const [stillMs, setStillMs] = useState<number | null>(null);
  const isSelected = selected.value === camera.camera_id;
  useEffect(() => {
    const element = video.current;
    if (element === null) return undefined;
    const made = new Deck(element, camera.camera_id, () => keepStill(element, still.current));
    const remove = addDeck(camera.camera_id, made);
    setDeck(made);
    return () => {
      remove();
      made.close();
    };
  }, []);
  const sight = deck?.sight.value ?? { state: "loading" as const, codec: null, error: null };
  const label = sight.state === "unplayable" && stillMs === null ? "—" : timeOf((sight.state === "unplayable" ? stillMs : pictured(deck, sight)) ?? momentOfCamera(camera.camera_id), zone.value);
  return (
    <div
      class={`player ${sight.state}${isSelected ? " selected" : ""}`}
      role="group"
      aria-label={camera.name}
      data-camera={camera.camera_id}
      data-state={sight.state}
      onClick={() => {
        select(camera.camera_id);
      }}
    >
      <canvas ref={still} />
      <video ref={video} muted playsInline disablePictureInPicture />
      {sight.state === "unplayable" && <Still cameraId={camera.camera_id} onTime={setStillMs} />}
      <Trouble camera={camera} sight={sight} />
      <span class="tile-name">{camera.name}</span>
      <span class="lag">{label}</span>
    </div>
  );
}

/** Of when the picture in sight is; null where there is none, so that the moment that is looked for is written there. */
function pictured(deck: Deck | null, sight: DeckSight): number | null {
  return deck !== null && ["ready", "loading"].includes(sight.state) ? deck.shownMs.value : null;
}

function Trouble({ camera, sight }: { camera: Camera; sight: DeckSight }) {
  const t = text.value.investigate;
  if (sight.state === "ready") return null;
  if (sight.state === "loading") return <Words title={t.loading} />;
  if (sight.state === "failed") return <Words title={t.failed} />;
  if (sight.state === "unplayable") return <Words title={t.unplayable(codecOf(shortCodec(sight.codec)))}>{t.unplayableHint}</Words>;
  const moment = momentOfCamera(camera.camera_id);
  if (moment > nowMs.value) return <Words title={t.future} />;
  if (moment > nowMs.value - 10_000) return <Words title={t.atEdge} />;
  const gap = laneOf(camera.camera_id).timeline?.gaps.find((each) => Date.parse(each.start) <= moment && Date.parse(each.end) > moment);
  const cause = gap?.cause ? (t.causes[gap.cause] ?? gap.cause) : null;
  return <Words title={cause === null ? t.noFootage : t.noFootageBecause(cause)} />;
}

function Words({ title, children }: { title: string; children?: string }) {
  return (
    <div class="middle" role="status">
      <b>{title}</b>
      {children && <span>{children}</span>}
    </div>
  );
}

/** Says for some seconds that time was jumped over. */
function Skipped() {
  const leap = skipped.value;
  useEffect(() => {
    if (leap === null) return undefined;
    const timer = setTimeout(() => {
      if (skipped.value === leap) skipped.value = null;
    }, 4_000);
    return () => clearTimeout(timer);
  }, [leap]);
  if (leap === null || chosen.value.length === 0) return null;
  return (
    <div class="skipped" role="status">
      {text.value.investigate.skipped(...spanWords(leap.fromMs, leap.toMs))}
    </div>
  );
}

/** Both ends of a leap; with their dates where it leads into another day. */
function spanWords(fromMs: number, toMs: number): [string, string] {
  const isSameDay = midnightOf(fromMs, zone.value) === midnightOf(toMs, zone.value);
  const write = isSameDay ? timeOf : dateTimeOf;
  return [write(fromMs, zone.value), write(toMs, zone.value)];
}

function shortCodec(codec: string | null): string {
  return codec === null || /^h(vc|ev)1/.test(codec) ? "h265" : codec;
}

function keepStill(video: HTMLVideoElement, canvas: HTMLCanvasElement | null): void {
  if (canvas === null || video.readyState < 2 || video.videoWidth === 0) return;
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
}
