import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { text } from "../../i18n";
import { feed } from "../../state/alerts";
import { onKeys } from "../../state/keys";
import { may } from "../../state/permissions";
import { go, hashOf } from "../../state/route";
import { me } from "../../state/session";
import { Button, Empty, ErrorNote, Skeleton } from "../../ui/parts";
import { searched } from "../../ui/plate";
import { PlateChip } from "../../ui/PlateChip";
import { ReadingDetail } from "./ReadingDetail";
import { ReadingTable } from "./ReadingTable";
import { SearchBar } from "./SearchBar";
import { chosen, chosenId, found, look, older, search, searchError, walk, wanted, watchPictures } from "./store";
import { videoHash } from "./words";

export function ReadingsTab() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Without a plate it needs no purpose: the room opens on what came today.
    if (found.peek() === null) void search();
  }, []);
  useEffect(watchPictures, []);
  useLayoutEffect(() => onKeys((key) => readingKeys(key, field.current)), []);
  return (
    <>
      <SearchBar field={field} />
      <div class={`plates-columns${chosen.value === null ? "" : " with-detail"}`}>
        <div class="room-body" tabIndex={-1}>
          <ErrorNote error={searchError.value} action={<Button onClick={() => void search()}>{text.value.common.retry}</Button>} />
          <Results />
        </div>
        {chosen.value !== null && <ReadingDetail key={chosen.value.detection_id} detection={chosen.value} onClose={() => (chosenId.value = null)} />}
      </div>
    </>
  );
}

function Results() {
  const t = text.value.plates;
  const shown = found.value;
  if (shown === null) return searchError.value === null ? <Skeleton rows={8} height={56} /> : null;
  return (
    <>
      <News />
      {shown.similar.length > 0 && (
        <p class="similar" data-similar>
          <span class="muted">{t.similar}</span>
          {shown.similar.map((plate) => (
            <button key={plate} type="button" onClick={() => void look({ plate })} aria-label={`${t.search} ${plate}`}>
              <PlateChip plate={plate} />
            </button>
          ))}
        </p>
      )}
      {shown.items.length === 0 ? <Nothing /> : <ReadingTable readings={shown.items} />}
      {shown.items.length > 0 && (
        <p class="pad after-list">
          <span class="faint">{t.found(shown.items.length, shown.next === null, searched(shown.wanted.plate))}</span>
          {shown.next !== null && <Button onClick={() => void older()}>{t.more}</Button>}
        </p>
      )}
    </>
  );
}

/** What came since is offered, and put in place only when asked for: nothing moves under the pointer. */
function News() {
  const t = text.value.plates;
  const shown = found.value;
  if (shown === null || searched(shown.wanted.plate) !== "" || shown.wanted.range === "span") return null;
  const newest = shown.items[0];
  const known = new Set(shown.items.map((each) => each.detection_id));
  const since = newest === undefined ? 0 : Date.parse(newest.received_at);
  const fresh = feed.value.readings.filter((each) => !known.has(each.detection_id) && Date.parse(each.received_at) > since && (shown.wanted.camera === "" || each.camera_id === shown.wanted.camera));
  if (fresh.length === 0) return null;
  return (
    <button type="button" class="news" onClick={() => void search()}>
      {t.newer(fresh.length)}
    </button>
  );
}

function Nothing() {
  const t = text.value.plates;
  const plate = searched(found.value?.wanted.plate ?? "");
  const isUntouched = plate === "" && wanted.value.camera === "" && feed.value.readings.length === 0;
  if (isUntouched) {
    return (
      <Empty title={t.emptyTitle} action={may(me.value?.role, "letCamerasPush") ? <Button onClick={() => go(hashOf("cameras"))}>{t.emptyAction}</Button> : undefined}>
        {t.emptyHint}
      </Empty>
    );
  }
  return <Empty title={plate === "" ? t.nothing : t.nothingFor(plate)}>{t.nothingHint}</Empty>;
}

/** ↑ ↓ walk, Enter opens the video, / finds, Esc closes the detail. */
function readingKeys(key: string, field: HTMLInputElement | null): boolean {
  if (document.querySelector("dialog[open]") !== null) return false;
  const items = found.peek()?.items ?? [];
  const at = items.findIndex((each) => each.detection_id === chosenId.peek());
  if (key === "/") {
    field?.focus();
    field?.select();
    return true;
  }
  if (key === "ArrowDown" || key === "ArrowUp") {
    return walk(key === "ArrowDown" ? 1 : -1);
  }
  const reading = items[at];
  if (key === "Enter" && reading !== undefined && !document.activeElement?.matches("button, a, select")) {
    go(videoHash(reading));
    return true;
  }
  if (key === "Escape" && reading !== undefined) {
    chosenId.value = null;
    return true;
  }
  return false;
}
