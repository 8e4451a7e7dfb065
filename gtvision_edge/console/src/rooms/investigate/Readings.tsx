import { useEffect, useState } from "preact/hooks";
import { client } from "../../state/session";
import { may } from "../../state/permissions";
import { me } from "../../state/session";
import { zone } from "../../state/site";
import { Icon } from "../../ui/Icon";
import { Button, explain } from "../../ui/parts";
import { inSight, nearest, type Mark } from "./marks";
import { opened, openReading, showPlates, showsPlates } from "./opened";
import { placeOf, type View } from "./scale";
import { marksOfLane, playhead } from "./store";
import { dateTimeOf, text, timeOf } from "./words";

/** The readings of a lane. One of them can be reached by Tab, the one nearest to the moment on display; N and P go on from there. */
export function ReadingTicks({ cameraId, view, widthPx }: { cameraId: string; view: View; widthPx: number }) {
  const marks = inSight(marksOfLane(cameraId), view, widthPx);
  const first = nearest(marks, playhead.value);
  return (
    <>
      {marks.map((mark) => (
        <button
          key={`${mark.startMs} ${mark.id}`}
          type="button"
          class={mark.level === null ? "tick" : "tick wanted"}
          data-reading={mark.id ?? mark.startMs}
          tabIndex={mark === first ? 0 : -1}
          style={{ left: `${placeOf(view, mark.startMs) * 100}%` }}
          title={wordsOf(mark)}
          aria-label={wordsOf(mark)}
          onClick={() => openReading(cameraId, mark)}
        />
      ))}
    </>
  );
}

function wordsOf(mark: Mark): string {
  const t = text.value.readingMarks;
  const from = timeOf(mark.startMs, zone.value);
  if (mark.level !== null) return t.wanted(from);
  return mark.id === null ? t.several(from, timeOf(mark.endMs, zone.value)) : t.one(from);
}

/** The reading that a pointer pressed on *target*; null: it was none. */
export function pressedReading(target: HTMLElement): { cameraId: string; mark: Mark } | null {
  const name = target.closest<HTMLElement>("[data-reading]")?.dataset["reading"];
  const cameraId = target.closest<HTMLElement>("[data-lane]")?.dataset["lane"];
  if (name === undefined || cameraId === undefined) return null;
  const mark = marksOfLane(cameraId).find(({ id, startMs }) => (id ?? String(startMs)) === name);
  return mark === undefined ? null : { cameraId, mark };
}

interface Detection {
  detection_id: string;
  placa: string | null;
  placa_lida: string;
  confianca: number | null;
  has_plate_picture: boolean;
  anonymised: boolean;
}

/** What was opened: when, whether it was wanted, and the plate for who asks for it. At the foot of the picture, above its tick: the controls between them stay free. */
export function OpenedReading({ view }: { view: View }) {
  const now = opened.value;
  if (now === null) return null;
  const { mark } = now;
  const t = text.value.readingMarks;
  const place = Math.min(1, Math.max(0, placeOf(view, mark.startMs)));
  return (
    <div
      class="reading-note"
      role="status"
      data-opened={mark.id ?? "several"}
      style={{ "--place": place }}
      // Neither a drag of the axis nor a wheel over it.
      onPointerDown={(event) => event.stopPropagation()}
      onPointerMove={(event) => event.stopPropagation()}
      onWheel={(event) => event.stopPropagation()}
    >
      <header>
        {mark.level !== null && (
          <b class="word-alarm">
            <span aria-hidden="true">◆</span> {t.wantedWord}
          </b>
        )}
        <span>{mark.id === null ? t.severalWord : t.word}</span>
        <time>{dateTimeOf(mark.startMs, zone.value)}</time>
        <button type="button" class="close" aria-label={text.value.common.close} onClick={() => (opened.value = null)}>
          <Icon name="close" size={16} />
        </button>
      </header>
      {mark.id === null ? <small class="muted">{t.zoomIn}</small> : may(me.value?.role, "watch") && <Plate key={mark.id} id={mark.id} />}
    </div>
  );
}

/** The plate stays out of sight until somebody asks for it: who only looks through the day need not read plates. */
function Plate({ id }: { id: string }) {
  const t = text.value.readingMarks;
  const user = me.value?.user_id;
  const isAsked = showsPlates(user);
  const [found, setFound] = useState<Detection | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (!isAsked) return undefined;
    let isOld = false;
    client.get<Detection>(`/detections/${encodeURIComponent(id)}`).then(
      (detection) => {
        if (!isOld) setFound(detection);
      },
      (failure: unknown) => {
        if (!isOld) setError(failure);
      },
    );
    return () => {
      isOld = true;
    };
  }, [isAsked, id]);
  if (error !== null) return <small class="word-alarm">{explain(error).title}</small>;
  if (found === null)
    return (
      <Button disabled={isAsked} onClick={() => showPlates(user)}>
        {isAsked ? text.value.common.loading : t.show}
      </Button>
    );
  if (found.placa === null) return <small class="muted">{found.anonymised ? t.anonymised : t.unread}</small>;
  return (
    <div class="reading-plate">
      {found.has_plate_picture && <img src={`/api/v1/detections/${encodeURIComponent(id)}/plate.jpg`} alt={t.crop(found.placa)} />}
      <b class="mono">{found.placa}</b>
      {found.confianca !== null && <small class="muted">{t.confidence(Math.round(found.confianca * 100))}</small>}
    </div>
  );
}
