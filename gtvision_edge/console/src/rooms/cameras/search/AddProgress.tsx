import { text } from "../../../i18n";
import { camerasById } from "../../../state/site";
import { ErrorNote } from "../../../ui/parts";
import { Icon } from "../../../ui/Icon";
import type { Attempt } from "./adding";

/** One line for each picked device, until it is seen recorded or is known to have failed, and why. */
export function AddProgress({ attempts }: { attempts: readonly Attempt[] }) {
  const t = text.value.search;
  const failed = attempts.filter((attempt) => attempt.error !== null).length;
  const recording = attempts.filter((attempt) => isRecording(attempt)).length;
  return (
    <>
      <p role="status">
        <b>{t.progress(recording, attempts.length)}</b> {failed > 0 && <span class="word-alarm">{t.failures(failed)}</span>}
      </p>
      <ul class="found-list">
        {attempts.map((attempt) => (
          <li key={attempt.device.host + attempt.device.onvif_port}>
            <div class="found-progress">
              <span class="found-words">
                <b>{attempt.name}</b> <span class="muted mono">{attempt.device.host}</span>
              </span>
              <Progress attempt={attempt} />
            </div>
            <ErrorNote error={attempt.error} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Progress({ attempt }: { attempt: Attempt }) {
  const t = text.value.search;
  if (attempt.error !== null) return <span class="word-alarm">{t.failed}</span>;
  if (isRecording(attempt)) {
    return (
      <span class="found-done">
        <Icon name="check" size={16} />
        {text.value.states.recording}
      </span>
    );
  }
  if (attempt.camera !== null) return <span class="muted">{t.waitingForRecording}</span>;
  return <span class="muted">{attempt.isRunning ? t.checking : t.queued}</span>;
}

function isRecording(attempt: Attempt): boolean {
  return attempt.camera !== null && camerasById.value.get(attempt.camera.camera_id)?.state.state === "recording";
}
