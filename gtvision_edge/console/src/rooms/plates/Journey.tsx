import { useEffect, useState } from "preact/hooks";
import type { Detection, DetectionPage } from "../../api/plates";
import { text } from "../../i18n";
import { dateOf, timeOf } from "../../i18n/format";
import { siteClock } from "../../state/clock";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { Button, ErrorNote, Skeleton } from "../../ui/parts";
import { searched, vehicleOf } from "../../ui/plate";
import { hasPurpose, journeyPath } from "./search";
import { found, wanted } from "./store";
import { placeOf, videoHash } from "./words";

/**
 * Where the vehicle passed that day. To ask is a search for its plate: it needs the purpose, and is made by itself only
 * for a vehicle that was searched for with it.
 */
export function Journey({ detection }: { detection: Detection }) {
  const t = text.value.plates;
  const [passages, setPassages] = useState<readonly Detection[] | null>(null);
  const [isAsked, setAsked] = useState(() => isSearchedFor(detection));
  const [error, setError] = useState<unknown>(null);
  const { purpose } = wanted.value;
  const plate = detection.placa;
  useEffect(() => {
    if (!isAsked || plate === null || !hasPurpose(purpose)) return undefined;
    let isGone = false;
    client
      .get<DetectionPage>(journeyPath(plate, purpose, Date.parse(detection.timestamp), zone.value))
      .then((page) => !isGone && setPassages([...page.items].reverse()))
      .catch((failure: unknown) => !isGone && setError(failure));
    return () => {
      isGone = true;
    };
  }, [isAsked]);
  if (plate === null) return null;
  const day = dateOf(detection.timestamp, zone.value);
  const isToday = day === dateOf(siteClock.now(), zone.value);
  return (
    <section class="journey">
      <h2>{isToday ? t.journey : t.journeyOf(day)}</h2>
      <ErrorNote error={error} />
      {!hasPurpose(purpose) ? (
        <p class="muted">{t.journeyNeedsPurpose}</p>
      ) : !isAsked ? (
        <div>
          <Button onClick={() => setAsked(true)}>{t.journeyShow}</Button>
        </div>
      ) : passages === null ? (
        error === null && <Skeleton rows={3} height={20} />
      ) : (
        <>
          <ol>
            {passages.map((passage) => (
              <li key={passage.detection_id} class={passage.detection_id === detection.detection_id ? "here" : ""}>
                <a class="mono" href={videoHash(passage)}>
                  {timeOf(passage.timestamp, zone.value)}
                </a>
                <span>{placeOf(passage)}</span>
              </li>
            ))}
          </ol>
          {passages.length === 1 && <p class="muted">{t.journeyOnly}</p>}
        </>
      )}
    </section>
  );
}

/** The purpose that was written was for this very vehicle. */
function isSearchedFor(detection: Detection): boolean {
  const plate = searched(found.peek()?.wanted.plate ?? "");
  return detection.placa !== null && plate !== "" && vehicleOf(plate) === vehicleOf(detection.placa);
}
