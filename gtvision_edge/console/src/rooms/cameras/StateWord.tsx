import type { Camera } from "../../api/types";
import { text } from "../../i18n";

/** The state in a word. Only what is abnormal is coloured. */
export function StateWord({ camera }: { camera: Camera }) {
  const { state } = camera.state;
  const tone =
    state === "offline" || state === "unauthorized"
      ? "word-alarm"
      : state === "online_not_recording" && camera.record
        ? "word-warn"
        : "";
  return <span class={tone}>{text.value.states[state]}</span>;
}
