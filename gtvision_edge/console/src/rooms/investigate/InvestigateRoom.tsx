import "./investigate.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../../api/types";
import { nowMs, siteClock } from "../../state/clock";
import { onKeys } from "../../state/keys";
import { may } from "../../state/permissions";
import { go, hashOf } from "../../state/route";
import { me } from "../../state/session";
import { cameras, refreshCameras, zone } from "../../state/site";
import { say } from "../../state/toasts";
import { useClosing } from "../../ui/closing";
import { Unread } from "../../ui/fresh";
import { toggleFull, watchFull } from "../../ui/full";
import { isTouch } from "../../ui/touch";
import { FindCamera, foundIn } from "../../ui/find";
import { Button, Empty, Skeleton } from "../../ui/parts";
import { FirstWays } from "../cameras/FirstCamera";
import { ExportDialog } from "../evidence/ExportDialog";
import { investigateKeys, notePress } from "./acts";
import { Calendar } from "./Calendar";
import { Controls } from "./Controls";
import { startEngine } from "./engine";
import { sayHeld } from "../evidence/held";
import { HoldDialog } from "./HoldDialog";
import { Lanes } from "./Lanes";
import { MarkBar } from "./MarkBar";
import { openAtFootage } from "./opening";
import { watchOpened } from "./opened";
import { OpenedReading } from "./Readings";
import { Stage } from "./Stage";
import { choose, chosen, goTo, inStep, isPlaying, loadLanes, marked, MOST_CAMERAS, playhead, select, selected, toggleInStep, view, writeAddress } from "./store";
import { dateTimeOf, text } from "./words";
import { midnightOf, parseWhen } from "./when";

const REFRESH_MS = 10_000;

export function InvestigateRoom() {
  const t = text.value.investigate;
  if (cameras.value === null) {
    return (
      <Unread of={["cameras"]} onRetry={() => void refreshCameras()}>
        <Skeleton rows={3} height={120} />
      </Unread>
    );
  }
  if (cameras.value.length === 0) {
    return (
      <Empty title={t.firstTitle} action={<FirstWays />}>
        {t.firstBody}
      </Empty>
    );
  }
  return <Room />;
}

function Room() {
  const t = text.value.investigate;
  const room = useRef<HTMLDivElement>(null);
  const jumpField = useRef<HTMLInputElement>(null);
  const [isHolding, setHolding] = useState(false);
  const [isExporting, setExporting] = useState(false);
  const mayHold = may(me.value?.role, "holdFootage");
  const mayExport = may(me.value?.role, "exportFootage");
  useLayoutEffect(() => {
    const stopWaiting = openAtFootage();
    void loadLanes();
    const stopEngine = startEngine();
    const stopWatching = watchOpened();
    const stopFull = watchFull(room.current);
    const refresh = setInterval(() => {
      writeAddress();
      if (view.value.endMs > siteClock.now() - REFRESH_MS) void loadLanes(true);
    }, REFRESH_MS);
    return () => {
      stopFull();
      stopWaiting();
      stopEngine();
      stopWatching();
      clearInterval(refresh);
      isPlaying.value = false;
    };
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => {
      void loadLanes();
      writeAddress();
    }, 200);
    return () => clearTimeout(timer);
  }, [view.value]);
  useLayoutEffect(
    () =>
      onKeys((key) => {
        if (document.querySelector("dialog[open]") !== null) return false;
        if (/^[1-9]$/.test(key)) {
          const wanted = chosen.value[Number(key) - 1];
          if (wanted !== undefined) select(wanted);
          return wanted !== undefined;
        }
        if (key.toLowerCase() === "g") {
          jumpField.current?.focus();
          return true;
        }
        if (key.toLowerCase() === "f") {
          toggleFull(room.current);
          return true;
        }
        if (key.toLowerCase() === "i" && mayHold && marked.value !== null) {
          setHolding(true);
          return true;
        }
        if (key.toLowerCase() === "e" && mayExport && marked.value !== null) {
          setExporting(true);
          return true;
        }
        return investigateKeys(key);
      }),
    [mayHold, mayExport],
  );
  const shown = chosen.value.map((id) => cameras.value?.find((camera) => camera.camera_id === id)).filter((camera): camera is Camera => camera !== undefined);
  const range = marked.value;
  return (
    <div class="investigate" ref={room} onPointerDown={notePress}>
      <header class="room-bar">
        <h1>{text.value.rooms.investigate}</h1>
        <CameraChoice />
        {chosen.value.length > 1 && (
          <Button kind="ghost" hotkey="Y" pressed={inStep.value} label={`${t.sync}: ${inStep.value ? t.syncOn : t.syncOff}`} onClick={toggleInStep}>
            {t.sync}
          </Button>
        )}
        <span class="grow" />
        <DayChoice />
        <JumpField field={jumpField} />
      </header>
      <Stage cameras={[...shown].sort((one, other) => Number(other.camera_id === selected.value) - Number(one.camera_id === selected.value))} />
      <OpenedReading view={view.value} />
      <Controls />
      <Lanes cameras={shown} />
      <MarkBar mayHold={mayHold} mayExport={mayExport} onHold={() => setHolding(true)} onExport={() => setExporting(true)} />
      {isExporting && range && (
        <ExportDialog
          incident={null}
          cameraIds={chosen.value}
          startMs={range.startMs}
          endMs={range.endMs}
          onClose={() => setExporting(false)}
          onBegun={() => {
            setExporting(false);
            say(text.value.evidence.exportBegun);
            go(hashOf("evidence", "exports"));
          }}
        />
      )}
      {isHolding && range && (
        <HoldDialog
          startMs={range.startMs}
          endMs={range.endMs}
          onClose={() => setHolding(false)}
          onHeld={(incident) => {
            setHolding(false);
            sayHeld(incident);
          }}
        />
      )}
    </div>
  );
}

function CameraChoice() {
  const t = text.value.investigate;
  const [isOpen, setOpen] = useState(false);
  const [wanted, setWanted] = useState("");
  const box = useRef<HTMLSpanElement>(null);
  useClosing(box, isOpen, () => setOpen(false));
  const all = (cameras.value ?? []).map(({ camera_id: id, name }) => ({ id, name }));
  const found = foundIn(all, isOpen ? wanted : "");
  return (
    <span class="camera-choice" ref={box}>
      <Button icon="plus" expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {inStep.value ? t.inStep(chosen.value.length) : t.outOfStep(chosen.value.length)}
      </Button>
      {isOpen && (
        <div class="choice-list" role="group" aria-label={t.choose}>
          <small class="muted">{t.chooseHint}</small>
          <FindCamera of={all.length} wanted={wanted} onFind={setWanted} />
          <div class="choices">
            {found.map(({ id, name }) => {
              const isOn = chosen.value.includes(id);
              return (
                <label key={id} class="check">
                  <input
                    type="checkbox"
                    checked={isOn}
                    disabled={(isOn && chosen.value.length === 1) || (!isOn && chosen.value.length >= MOST_CAMERAS)}
                    onChange={() => choose(isOn ? chosen.value.filter((each) => each !== id) : [...chosen.value, id])}
                  />
                  {name}
                </label>
              );
            })}
            {found.length === 0 && <span class="muted">{text.value.common.noMatch}</span>}
          </div>
          <Button onClick={() => setOpen(false)}>{text.value.common.close}</Button>
        </div>
      )}
    </span>
  );
}

function DayChoice() {
  const t = text.value.investigate;
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  useClosing(box, isOpen, () => setOpen(false));
  const turn = (days: number): void => {
    const intoDay = playhead.value - midnightOf(playhead.value, zone.value);
    goTo(midnightOf(playhead.value, zone.value, days) + intoDay);
  };
  return (
    <span class="day-choice" ref={box}>
      <Button icon="previous" label={t.previousDay} onClick={() => turn(-1)} />
      <Button expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {dateTimeOf(playhead.value, zone.value).slice(0, 10)}
      </Button>
      <Button icon="next" label={t.nextDay} disabled={midnightOf(playhead.value, zone.value, 1) > nowMs.value} onClick={() => turn(1)} />
      {isOpen && <Calendar onClose={() => setOpen(false)} />}
    </span>
  );
}

function JumpField({ field }: { field: { current: HTMLInputElement | null } }) {
  const t = text.value.investigate;
  const [fault, setFault] = useState<string | null>(null);
  return (
    <form
      class="jump"
      onSubmit={(event) => {
        event.preventDefault();
        const input = field.current;
        const ms = parseWhen(input?.value ?? "", siteClock.now(), zone.value);
        setFault(ms === null ? t.notUnderstood : ms > siteClock.now() ? t.future : null);
        if (ms === null || ms > siteClock.now() || input === null) return;
        goTo(ms);
        input.value = "";
        input.blur();
      }}
    >
      <input ref={field} aria-label={t.goTo} placeholder={isTouch() ? `${t.goTo}…` : `${t.goTo}… G`} title={t.goToHint} aria-invalid={fault !== null} onInput={() => setFault(null)} />
      {fault !== null && (
        <small class="fault" role="alert">
          {fault}
        </small>
      )}
    </form>
  );
}
