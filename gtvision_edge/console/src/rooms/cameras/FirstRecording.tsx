import { useEffect, useState } from "preact/hooks";
import type { Camera, CameraStatus } from "../../api/types";
import { text } from "../../i18n";
import { causeOf } from "../../i18n/format";
import { poll } from "../../state/poll";
import { client } from "../../state/session";
import { refreshSite } from "../../state/site";
import { Note } from "../../ui/parts";
import { Thumbnail } from "./Thumbnail";

const SLOW_AFTER_S = 20;

/** After saving: wait with the installer until the first recording is seen. */
export function FirstRecording({ camera, snapshot }: { camera: Camera; snapshot: string | null }) {
  const t = text.value.wizard;
  const [status, setStatus] = useState<CameraStatus | null>(null);
  const [seconds, setSeconds] = useState(0);
  const isRecording = status?.state === "recording";
  // The list behind the drawer says the same at once.
  useEffect(() => {
    if (status !== null) void refreshSite();
  }, [status?.state]);
  useEffect(() => {
    if (isRecording || !camera.record) return undefined;
    const began = Date.now();
    const timer = setInterval(() => setSeconds(Math.floor((Date.now() - began) / 1000)), 1_000);
    const stop = poll(async () => setStatus(await client.get<CameraStatus>(`/cameras/${encodeURIComponent(camera.camera_id)}/status`)), 1_000);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [isRecording, camera.camera_id]);
  if (!camera.record) return <Note tone="plain">{t.notRecorded(camera.name)}</Note>;
  if (isRecording) {
    return (
      <>
        <Thumbnail cameraId={camera.camera_id} large />
        <div class="recording-now" role="status">
          <i />
          <b>{t.recording}</b>
          <span class="muted">{t.recordingBody(camera.name)}</span>
        </div>
      </>
    );
  }
  const cause = causeOf(status?.reason);
  return (
    <div role="status" class="recording-wait">
      {snapshot && (
        <div class="check-picture">
          <img src={snapshot} alt="" />
        </div>
      )}
      <p>
        <b>{t.waiting}</b> <span class="muted">{t.waitingFor(seconds)}</span>
      </p>
      {cause && <p class="muted">{cause}</p>}
      {seconds >= SLOW_AFTER_S && <Note>{t.slow}</Note>}
    </div>
  );
}
