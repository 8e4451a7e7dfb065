import { locale } from "../../i18n";
import { zone } from "../../state/site";
import { Button, Segments } from "../../ui/parts";
import { capture, goLive, goToGap, step, stepFrame, togglePlay } from "./acts";
import { showLength, zoomBy } from "./Lanes";
import { goToReading } from "./opened";
import { lengthOf } from "./scale";
import { isPlaying, playhead, speed, SPEEDS, view } from "./store";
import { dateTimeOf, text, timeOf } from "./words";

const LENGTHS = [
  { label: "24 h", ms: 86_400_000 },
  { label: "6 h", ms: 21_600_000 },
  { label: "1 h", ms: 3_600_000 },
  { label: "10 min", ms: 600_000 },
] as const;

export function Controls() {
  const t = text.value.investigate;
  return (
    <div class="controls">
      <Button icon="previous" label={`${t.previousGap} ( Shift P )`} onClick={() => goToGap(-1)} />
      <Button label={t.back} hotkey="←" onClick={() => step(-10_000)}>
        −10 s
      </Button>
      <span class="desk-only">
        <Button label={`${t.frameBack} ( , )`} onClick={() => stepFrame(-1)}>
          −1
        </Button>
      </span>
      <Button kind="primary" icon={isPlaying.value ? "pause" : "play"} label={`${isPlaying.value ? t.pause : t.play} ( ${t.spaceKey} )`} onClick={togglePlay} />
      <span class="desk-only">
        <Button label={`${t.frameForward} ( . )`} onClick={() => stepFrame(1)}>
          +1
        </Button>
      </span>
      <Button label={t.forward} hotkey="→" onClick={() => step(10_000)}>
        +10 s
      </Button>
      <Button icon="next" label={`${t.nextGap} ( Shift N )`} onClick={() => goToGap(1)} />
      <span class="reading-keys" role="group" aria-label={text.value.readingMarks.key}>
        <Button label={`${text.value.readingMarks.previous} ( P )`} onClick={() => goToReading(-1)}>
          <i class="tick-sign" aria-hidden="true" />‹
        </Button>
        <Button label={`${text.value.readingMarks.next} ( N )`} onClick={() => goToReading(1)}>
          <i class="tick-sign" aria-hidden="true" />›
        </Button>
      </span>
      <Segments label={`${t.speed} ( - + )`} options={SPEEDS.map((each) => ({ value: String(each), label: `×${each.toLocaleString(locale.value)}` }))} value={String(speed.value)} onChange={(value) => (speed.value = Number(value))} />
      <span class="moment">
        <small>{dateTimeOf(playhead.value, zone.value).slice(0, 10)}</small> <b>{timeOf(playhead.value, zone.value)}</b>
      </span>
      <span class="grow" />
      <Button kind="ghost" hotkey="S" onClick={() => void capture()}>
        {t.capture}
      </Button>
      <Button kind="ghost" hotkey="L" onClick={goLive}>
        {t.live}
      </Button>
      <span class="zoom" role="group" aria-label={t.lengths}>
        <Button label={t.zoomOut} onClick={() => zoomBy(2)}>
          −
        </Button>
        <Button label={t.zoomIn} onClick={() => zoomBy(0.5)}>
          +
        </Button>
      </span>
      <div class="segments desk-only" role="group" aria-label={t.lengths}>
        {LENGTHS.map((each) => (
          <button key={each.label} type="button" class={Math.abs(lengthOf(view.value) - each.ms) < 1000 ? "on" : ""} aria-pressed={Math.abs(lengthOf(view.value) - each.ms) < 1000} onClick={() => showLength(each.ms)}>
            {each.label}
          </button>
        ))}
      </div>
    </div>
  );
}
