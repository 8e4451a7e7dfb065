import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../../api/types";
import { nowMs } from "../../state/clock";
import { zone } from "../../state/site";
import { useDrag } from "./drag";
import { LaneTroubles } from "./LaneTroubles";
import { ReadingTicks } from "./Readings";
import { centre, lengthOf, pan, placeOf, snap, ticksOf, timeAt, zoom, type View } from "./scale";
import { thumbnailUrl, useNewest } from "./Still";
import { laneOf, marked, marks, moves, parked, playhead, select, selected, view, type Lane } from "./store";
import { dateTimeOf, text, timeOf } from "./words";
import { offsetOf } from "./when";

/** Gaps that somebody wanted; all others of known cause are a fault to look at. */
const INTENDED = new Set(["deleted", "deleted_by_order"]);

/** The timelines: one lane per camera over one axis. Wheel zooms, drag pans, a click goes there. */
export function Lanes({ cameras }: { cameras: readonly Camera[] }) {
  const t = text.value.investigate;
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  const [pointer, setPointer] = useState<{ place: number; cameraId: string } | null>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const drag = useDrag(box);
  const shown = view.value;
  const placeAt = (clientX: number): number => {
    const edges = box.current?.getBoundingClientRect();
    return edges === undefined || edges.width === 0 ? 0 : (clientX - edges.left) / edges.width;
  };
  return (
    <section class="lanes" aria-label={t.lanes}>
      <div class="lane-names">
        {cameras.map((camera) => (
          <button key={camera.camera_id} type="button" class={selected.value === camera.camera_id ? "on" : ""} onClick={() => select(camera.camera_id)}>
            {camera.name}
          </button>
        ))}
      </div>
      <div
        class="lane-box"
        ref={box}
        onWheel={(event) => {
          event.preventDefault();
          if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.value = pan(shown, ((event.deltaX || event.deltaY) / Math.max(1, width)) * lengthOf(shown));
          else view.value = zoom(shown, event.deltaY > 0 ? 1.25 : 0.8, placeAt(event.clientX));
        }}
        onPointerMove={(event) => {
          const lane = (event.target as HTMLElement).closest<HTMLElement>("[data-lane]")?.dataset["lane"];
          setPointer(event.pointerType === "touch" ? null : { place: placeAt(event.clientX), cameraId: lane ?? selected.value ?? "" });
        }}
        onPointerLeave={() => setPointer(null)}
        onPointerDown={drag}
      >
        {cameras.map((camera) => (
          <LaneRow key={camera.camera_id} camera={camera} lane={laneOf(camera.camera_id)} view={shown} widthPx={width} />
        ))}
        <Marks view={shown} />
        <Playhead view={shown} />
        <div class="ruler" aria-hidden="true">
          {ticksOf(shown, width, offsetOf(shown.startMs, zone.value)).map((ms) => (
            <span key={ms} style={{ left: `${placeOf(shown, ms) * 100}%` }}>
              {tickWords(ms, shown)}
            </span>
          ))}
        </div>
        {pointer && <Preview view={shown} place={pointer.place} cameraId={pointer.cameraId} />}
      </div>
      <LaneTroubles cameras={cameras} />
    </section>
  );
}

function LaneRow({ camera, lane, view: shown, widthPx }: { camera: Camera; lane: Lane; view: View; widthPx: number }) {
  const t = text.value.investigate;
  const timeline = lane.timeline;
  const part = (start: string, end: string): { left: string; width: string } | null => {
    const from = Math.max(0, placeOf(shown, Date.parse(start)));
    const to = Math.min(1, placeOf(shown, Date.parse(end)));
    return to <= from ? null : { left: `${from * 100}%`, width: `max(1px, ${(to - from) * 100}%)` };
  };
  return (
    <div class={`lane${timeline === null ? " unread" : ""}`} data-lane={camera.camera_id} role="group" aria-label={t.laneOf(camera.name)}>
      {timeline?.spans.map((span) => {
        const style = part(span.start, span.end);
        return style && <i key={span.start} class={span.held ? "footage held" : "footage"} style={style} />;
      })}
      {timeline?.gaps.map((gap) => {
        const style = part(gap.start, gap.end);
        const words = t.gap(timeOf(gap.start, zone.value), timeOf(gap.end, zone.value), gap.cause ? (t.causes[gap.cause] ?? gap.cause) : null);
        return style && <i key={gap.start} class={gap.cause && !INTENDED.has(gap.cause) ? "gap fault" : "gap"} style={style} title={words} />;
      })}
      {timeline?.incidents.map((incident) => {
        const style = part(incident.start, incident.end);
        return style && <i key={incident.incident_id} class="incident" style={style} title={t.held(incident.reason)} />;
      })}
      <ReadingTicks cameraId={camera.camera_id} view={shown} widthPx={widthPx} />
      <Parked cameraId={camera.camera_id} view={shown} />
    </div>
  );
}

/** Where a camera stands that does not follow the playhead. */
function Parked({ cameraId, view: shown }: { cameraId: string; view: View }) {
  const ms = moves(cameraId) ? undefined : parked.value.get(cameraId);
  if (ms === undefined || ms < shown.startMs || ms > shown.endMs) return null;
  return <i class="parked" title={timeOf(ms, zone.value)} style={{ left: `${placeOf(shown, ms) * 100}%` }} />;
}

function Marks({ view: shown }: { view: View }) {
  const { inMs, outMs } = marks.value;
  const range = marked.value;
  const at = (ms: number): string => `${placeOf(shown, ms) * 100}%`;
  return (
    <>
      {range && <i class="range" style={{ left: at(range.startMs), width: `${(lengthOf(range) / lengthOf(shown)) * 100}%` }} />}
      {inMs !== null && <i class="handle" data-mark="in" style={{ left: at(inMs) }} />}
      {outMs !== null && <i class="handle" data-mark="out" style={{ left: at(outMs) }} />}
    </>
  );
}

function Playhead({ view: shown }: { view: View }) {
  const place = placeOf(shown, playhead.value);
  if (place < 0 || place > 1) return null;
  return (
    <i
      class="playhead"
      data-playhead
      style={{ left: `${place * 100}%` }}
      role="slider"
      tabIndex={0}
      aria-valuemin={Math.round(shown.startMs / 1000)}
      aria-valuemax={Math.round(shown.endMs / 1000)}
      aria-label={text.value.investigate.playheadAt(dateTimeOf(playhead.value, zone.value))}
      aria-valuenow={Math.round(playhead.value / 1000)}
      aria-valuetext={dateTimeOf(playhead.value, zone.value)}
    />
  );
}

function Preview({ view: shown, place, cameraId }: { view: View; place: number; cameraId: string }) {
  const ms = timeAt(shown, place);
  const timeline = laneOf(cameraId).timeline;
  const gridMs = Math.max(1, timeline?.thumbnails.interval_s ?? 10) * 1000;
  const span = timeline?.spans.find((each) => Date.parse(each.start) <= ms && Date.parse(each.end) > ms);
  // Before the first moment on the grid a span has its own beginning.
  const url = useNewest(span === undefined ? null : thumbnailUrl(cameraId, Math.max(snap(ms, gridMs), Date.parse(span.start)), 240));
  return (
    <div class="preview" style={{ left: `clamp(90px, ${place * 100}%, calc(100% - 90px))` }}>
      {url && <img src={url} alt="" />}
      <span>{dateTimeOf(ms, zone.value)}</span>
      {ms > nowMs.value && <span>{text.value.investigate.future}</span>}
    </div>
  );
}

function tickWords(ms: number, shown: View): string {
  const full = dateTimeOf(ms, zone.value);
  const time = timeOf(ms, zone.value);
  if (lengthOf(shown) > 4 * 86_400_000) return full.slice(0, 5);
  if (time === "00:00:00") return full.slice(0, 5);
  return lengthOf(shown) > 600_000 ? time.slice(0, 5) : time;
}

/** Show *factor* times as much, about the playhead where it is in sight. */
export function zoomBy(factor: number): void {
  const place = placeOf(view.value, playhead.value);
  view.value = zoom(view.value, factor, place >= 0 && place <= 1 ? place : 0.5);
}

/** Show *lengthMs* about the playhead. */
export function showLength(lengthMs: number): void {
  view.value = centre(view.value, playhead.value, lengthMs);
}
