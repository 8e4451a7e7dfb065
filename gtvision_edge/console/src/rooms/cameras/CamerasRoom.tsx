import "./cameras.css";
import { useState } from "preact/hooks";
import type { Camera, CameraState } from "../../api/types";
import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { go, hashOf, route } from "../../state/route";
import { matches } from "../../state/search";
import { me } from "../../state/session";
import { cameras, camerasById, camerasOldSince, recordingOf, refreshSite, status, statusOldSince } from "../../state/site";
import { OldData, Unread } from "../../ui/fresh";
import { Button, Empty, Skeleton } from "../../ui/parts";
import { CameraDetails } from "./CameraDetails";
import { FirstCamera } from "./FirstCamera";
import { SearchDrawer } from "./search/SearchDrawer";
import { StateWord } from "./StateWord";
import { Thumbnail } from "./Thumbnail";
import { videoWords } from "./words";
import { Wizard } from "./Wizard";

const STATES: readonly CameraState[] = ["recording", "online_not_recording", "offline", "unauthorized", "unknown", "disabled"];

export function CamerasRoom() {
  const t = text.value.cameras;
  const [wanted, setWanted] = useState("");
  const all = cameras.value;
  const canEdit = may(me.value?.role, "editCameras");
  const isAdding = canEdit && route.value.query.get("add") !== null;
  const isSearching = canEdit && route.value.query.get("search") !== null;
  const opened = route.value.detail === null ? undefined : camerasById.value.get(route.value.detail);
  const state = STATES.find((each) => each === route.value.query.get("state")) ?? null;
  /** Back to the list as it was filtered. */
  const listed = hashOf("cameras", null, { state });
  const isUnknown = route.value.detail !== null && all !== null && opened === undefined;
  const found = (all ?? []).filter((camera) => (state === null || camera.state.state === state) && matches(wanted, camera.name, camera.camera_id, camera.host, camera.place?.label));
  return (
    <>
      <div class="room-bar">
        <h1>{t.title}</h1>
        {all && status.value && statusOldSince.value === null && camerasOldSince.value === null && (
          <span class="muted desk-only">{t.summary(all.length, recordingOf(status.value))}</span>
        )}
        <OldData since={camerasOldSince.value} />
        <span class="grow" />
        {((all?.length ?? 0) > 4 || state !== null) && (
          <select
            class="state-filter"
            aria-label={t.stateFilter}
            value={state ?? ""}
            onChange={(event) => go(hashOf("cameras", null, { state: event.currentTarget.value }))}
          >
            <option value="">{t.everyState}</option>
            {STATES.map((each) => (
              <option key={each} value={each}>
                {text.value.states[each]}
              </option>
            ))}
          </select>
        )}
        {(all?.length ?? 0) > 4 && (
          <input
            class="camera-find"
            type="search"
            placeholder={t.find}
            aria-label={t.find}
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        )}
        {canEdit && all?.length !== 0 && (
          <Button icon="search" label={text.value.search.open} onClick={() => go(hashOf("cameras", null, { search: "1" }))}>
            <span class="desk-only">{text.value.search.open}</span>
          </Button>
        )}
        {canEdit && all?.length !== 0 && (
          <Button kind="primary" icon="plus" onClick={() => go(hashOf("cameras", null, { add: "1" }))}>
            {t.add}
          </Button>
        )}
      </div>
      <div class="room-body" tabIndex={0}>
        {all === null ? (
          <Unread of={["cameras"]} onRetry={() => void refreshSite()}>
            <div class="pad">
              <Skeleton rows={5} height={46} />
            </div>
          </Unread>
        ) : isUnknown ? (
          <Empty title={t.unknownTitle} action={<Button onClick={() => go(hashOf("cameras"))}>{t.seeAll}</Button>}>
            {t.unknownBody(route.value.detail ?? "")}
          </Empty>
        ) : all.length === 0 ? (
          <FirstCamera />
        ) : found.length === 0 ? (
          <Empty title={text.value.common.noMatch} />
        ) : (
          <div class={camerasOldSince.value === null ? "" : "old"}>
            <CameraTable cameras={found} state={state} />
          </div>
        )}
      </div>
      {isAdding && <Wizard onClose={() => go(listed)} />}
      {isSearching && <SearchDrawer onClose={() => go(listed)} />}
      {opened && <CameraDetails key={opened.camera_uuid} camera={opened} onClose={() => go(listed)} />}
    </>
  );
}

function CameraTable({ cameras: listed, state }: { cameras: readonly Camera[]; state: CameraState | null }) {
  const t = text.value.cameras;
  const canWatch = may(me.value?.role, "watch");
  return (
    <table class="camera-table">
      <thead>
        <tr>
          <th>
            <span class="hidden-words">{t.picture}</span>
          </th>
          <th>{t.camera}</th>
          <th>{t.state}</th>
          <th class="wide-only">{t.place}</th>
          <th class="wide-only">{t.address}</th>
          <th class="desk-only">{t.video}</th>
        </tr>
      </thead>
      <tbody>
        {listed.map((camera) => (
          <tr key={camera.camera_id} onClick={() => go(hashOf("cameras", camera.camera_id, { state }))}>
            <td>{canWatch && <Thumbnail cameraId={camera.camera_id} />}</td>
            <td>
              <a href={hashOf("cameras", camera.camera_id, { state })}>{camera.name}</a>
            </td>
            <td>
              <StateWord camera={camera} />
            </td>
            <td class="wide-only muted">{camera.place?.label || "—"}</td>
            <td class="wide-only muted mono">{camera.host || "—"}</td>
            <td class="muted desk-only">{videoWords(camera.profiles.main)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
