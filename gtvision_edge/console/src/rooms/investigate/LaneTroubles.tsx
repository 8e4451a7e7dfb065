import type { Camera } from "../../api/types";
import { refreshCameras } from "../../state/site";
import { Button, explain, Note } from "../../ui/parts";
import { jump, laneOf, loadLanes } from "./store";
import { text } from "./words";

export interface LaneTrouble {
  error: unknown;
  names: string[];
}

/** What could not be read, told once for all cameras that met with the same. */
export function troublesOf(lanes: readonly { name: string; error: unknown }[]): LaneTrouble[] {
  const found = new Map<string, LaneTrouble>();
  for (const { name, error } of lanes) {
    if (error === null || error === undefined) continue;
    const { title, code } = explain(error);
    const key = `${code} ${title}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { error, names: [name] });
    else known.names.push(name);
  }
  return [...found.values()];
}

/** Ask anew for all that is missing: the cameras, since one may be gone, the timelines, and the pictures. */
function askAgain(): void {
  void refreshCameras().catch(() => {});
  void loadLanes(true);
  jump.value += 1;
}

/** Below the lanes, as wide as they are. */
export function LaneTroubles({ cameras }: { cameras: readonly Camera[] }) {
  const t = text.value.investigate;
  return (
    <>
      {troublesOf(cameras.map(({ camera_id: id, name }) => ({ name, error: laneOf(id).error }))).map(({ error, names }) => {
        const { title, cure, code } = explain(error);
        return (
          <div key={names.join()} class="lane-trouble">
            <Note tone="alarm" title={t.timelineFailed(names)} action={<Button onClick={askAgain}>{text.value.common.retry}</Button>}>
              {title} {cure} {code && <span class="faint code">{text.value.common.code(code)}</span>}
            </Note>
          </div>
        );
      })}
    </>
  );
}
