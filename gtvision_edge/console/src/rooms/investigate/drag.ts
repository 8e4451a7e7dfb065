import { useRef } from "preact/hooks";
import { siteClock } from "../../state/clock";
import { goToIfPast } from "./acts";
import { pressedReading } from "./Readings";
import { openReading } from "./opened";
import { lengthOf, pan, pinch, timeAt, type View } from "./scale";
import { goTo, marks, select, view } from "./store";

const CLICK_PX = 4;

interface Pinch {
  /** Where each finger came down, by its pointer, as places of the axis. */
  from: Map<number, number>;
  to: Map<number, number>;
  view: View;
}

/**
 * Drags: the playhead and the marks are carried along, elsewhere the axis is; what hardly moved was a click.
 *
 * A second finger makes a pinch of it, whatever the first one had in hand.
 */
export function useDrag(box: { current: HTMLDivElement | null }): (event: PointerEvent) => void {
  const pinched = useRef<Pinch | null>(null);
  const first = useRef<{ id: number; x: number } | null>(null);
  return (event) => {
    const element = box.current;
    if (element === null || event.button !== 0) return;
    const width = element.clientWidth;
    const placeOfX = (x: number): number => (x - element.getBoundingClientRect().left) / width;
    const timeOfX = (x: number): number => timeAt(view.value, placeOfX(x));
    const start = { x: event.clientX, view: view.value };
    const target = event.target as HTMLElement;
    const what = target.dataset["mark"] ?? ("playhead" in target.dataset ? "playhead" : "axis");
    let hasMoved = false;
    let hasPinched = false;
    if (first.current !== null && pinched.current === null && event.pointerType === "touch") {
      const places = new Map([[first.current.id, placeOfX(first.current.x)], [event.pointerId, placeOfX(event.clientX)]]);
      pinched.current = { from: places, to: new Map(places), view: view.value };
    }
    first.current ??= { id: event.pointerId, x: event.clientX };
    const onMove = (moved: PointerEvent): void => {
      if (moved.pointerId !== event.pointerId) return;
      if (first.current?.id === moved.pointerId) first.current.x = moved.clientX;
      const both = pinched.current;
      if (both !== null) {
        hasPinched = true;
        if (!both.to.has(moved.pointerId)) return;
        both.to.set(moved.pointerId, placeOfX(moved.clientX));
        view.value = pinch(both.view, [...both.from.values()] as [number, number], [...both.to.values()] as [number, number]);
        return;
      }
      // The finger that stays does not go on dragging: the axis would jump to it.
      if (hasPinched) return;
      hasMoved ||= Math.abs(moved.clientX - start.x) > CLICK_PX;
      if (hasMoved) carry(what, Math.min(timeOfX(moved.clientX), siteClock.now()), pan(start.view, ((start.x - moved.clientX) / width) * lengthOf(start.view)));
    };
    const onEnd = (ended: PointerEvent): void => {
      if (ended.pointerId !== event.pointerId) return;
      element.removeEventListener("pointermove", onMove);
      element.removeEventListener("pointerup", onEnd);
      element.removeEventListener("pointercancel", onEnd);
      hasPinched ||= pinched.current !== null;
      if (first.current?.id === ended.pointerId) first.current = null;
      if (first.current === null || pinched.current?.to.has(ended.pointerId) === true) pinched.current = null;
      if (hasPinched || hasMoved || ended.type !== "pointerup" || what !== "axis") return;
      const reading = pressedReading(target);
      if (reading !== null) {
        openReading(reading.cameraId, reading.mark);
        return;
      }
      const lane = target.closest<HTMLElement>("[data-lane]")?.dataset["lane"];
      if (lane !== undefined) select(lane);
      goToIfPast(timeOfX(ended.clientX));
    };
    element.setPointerCapture(event.pointerId);
    element.addEventListener("pointermove", onMove);
    element.addEventListener("pointerup", onEnd);
    element.addEventListener("pointercancel", onEnd);
  };
}

function carry(what: string, ms: number, panned: View): void {
  if (what === "playhead") goTo(ms);
  else if (what === "in") marks.value = { ...marks.value, inMs: ms };
  else if (what === "out") marks.value = { ...marks.value, outMs: ms };
  else view.value = panned;
}
