import { useState } from "preact/hooks";
import type { Detection } from "../../api/plates";
import { text } from "../../i18n";
import { missingOf } from "./missing";
import { pictureOf } from "./words";

/** The crop is always beside the plate; where there is none it says why, in the same place. */
export function Crop({ detection, kind = "plate" }: { detection: Detection; kind?: "scene" | "plate" }) {
  const t = text.value.plates;
  const [hasFailed, setFailed] = useState(false);
  const has = kind === "scene" ? detection.has_scene : detection.has_plate_picture;
  const missing = missingOf(detection, kind, hasFailed);
  return (
    <span class={`crop of-${kind}`}>
      {has && !hasFailed ? (
        <img src={pictureOf(detection, kind)} alt={kind === "scene" ? t.scene : t.crop} loading="lazy" decoding="async" onError={() => setFailed(true)} />
      ) : (
        <span class="faint" title={missing.long}>
          {kind === "scene" ? (
            missing.long
          ) : (
            <>
              <span aria-hidden="true">{missing.short}</span>
              <span class="hidden-words">{missing.long}</span>
            </>
          )}
        </span>
      )}
    </span>
  );
}
