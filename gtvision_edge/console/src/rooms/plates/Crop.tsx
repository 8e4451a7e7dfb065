import { useState } from "preact/hooks";
import type { Detection } from "../../api/plates";
import { text } from "../../i18n";
import { pictureOf } from "./words";

/** The crop is always beside the plate; where there is none it says so, in the same place. */
export function Crop({ detection, kind = "plate" }: { detection: Detection; kind?: "scene" | "plate" }) {
  const t = text.value.plates;
  const [hasFailed, setFailed] = useState(false);
  const has = kind === "scene" ? detection.has_scene : detection.has_plate_picture;
  const missing = kind === "scene" ? t.noScene : t.noCrop;
  return (
    <span class={`crop of-${kind}`}>
      {has && !hasFailed ? (
        <img src={pictureOf(detection, kind)} alt={kind === "scene" ? t.scene : t.crop} loading="lazy" decoding="async" onError={() => setFailed(true)} />
      ) : (
        <span class="faint">{missing}</span>
      )}
    </span>
  );
}
