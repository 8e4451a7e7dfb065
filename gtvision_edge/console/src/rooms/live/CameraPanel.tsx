import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../../api/types";
import { text } from "../../i18n";
import { matches } from "../../state/search";
import { cameras } from "../../state/site";
import { StateWord } from "../cameras/StateWord";
import { Button } from "../../ui/parts";
import { placeCamera, seats } from "./mosaic";
import { edit, isPanelOpen, maximise, selectedTile, shown } from "./store";

/** All cameras, to be dragged into a tile, or put into the selected one by a click. */
export function CameraPanel() {
  const t = text.value.live;
  const [wanted, setWanted] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const found = (cameras.value ?? []).filter((camera) => matches(wanted, camera.name, camera.camera_id, camera.place?.label));
  const seated = new Set(shown.value?.cameras ?? []);
  return (
    <aside class="panel" aria-label={t.panel}>
      <header>
        <h2>{t.panel}</h2>
        <Button
          kind="ghost"
          icon="close"
          label={text.value.common.close}
          onClick={() => {
            isPanelOpen.value = false;
          }}
        />
      </header>
      <div class="panel-find">
        <input
          ref={field}
          type="search"
          placeholder={t.find}
          aria-label={t.find}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && found[0]) putInPlace(found[0]);
          }}
        />
        <small class="faint">{t.panelHint}</small>
      </div>
      <ul>
        {found.map((camera) => (
          <li key={camera.camera_id}>
            <button
              type="button"
              draggable
              class={seated.has(camera.camera_id) ? "seated" : ""}
              onDragStart={(event) => event.dataTransfer?.setData("text/gtv-camera", camera.camera_id)}
              onClick={() => putInPlace(camera)}
            >
              <span>{camera.name}</span>
              <small>
                <StateWord camera={camera} />
              </small>
            </button>
          </li>
        ))}
        {found.length === 0 && <li class="muted pad">{text.value.common.noMatch}</li>}
      </ul>
    </aside>
  );
}

/** Into the selected tile, else the first empty one; with none free the camera is shown large. */
function putInPlace(camera: Camera): void {
  const mosaic = shown.value;
  if (mosaic === null) return;
  const free = seats(mosaic.cameras, mosaic.layout).indexOf(null);
  const tile = selectedTile.value ?? (free >= 0 ? free : null);
  if (tile === null) maximise(camera.camera_id);
  else edit((present) => placeCamera(present, camera.camera_id, tile));
}
