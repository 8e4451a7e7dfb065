import { useEffect, useState } from "preact/hooks";
import type { Camera, CameraStatus } from "../../api/types";
import { text } from "../../i18n";
import { bytesOf, causeOf, dateTimeOf } from "../../i18n/format";
import { may } from "../../state/permissions";
import { poll } from "../../state/poll";
import { go, hashOf } from "../../state/route";
import { client, me } from "../../state/session";
import { refreshCameras, refreshStatus, vendors, zone, loadVendors } from "../../state/site";
import { say } from "../../state/toasts";
import { Confirm, Dialog } from "../../ui/Dialog";
import { Button, ErrorNote } from "../../ui/parts";
import { EditCamera } from "./EditCamera";
import { PlatePushes } from "./PlatePushes";
import { PlateSource } from "./PlateSource";
import { StateWord } from "./StateWord";
import { Thumbnail } from "./Thumbnail";
import { WarningNotes } from "./WarningNotes";
import { profileWords } from "./words";

export function CameraDetails({ camera, onClose }: { camera: Camera; onClose: () => void }) {
  const t = text.value.cameras;
  const [mode, setMode] = useState<"look" | "edit" | "remove">("look");
  const [status, setStatus] = useState<CameraStatus | null>(null);
  const canEdit = may(me.value?.role, "editCameras");
  const canWatch = may(me.value?.role, "watch");
  useEffect(() => {
    void loadVendors().catch(() => {});
    return poll(async () => setStatus(await client.get<CameraStatus>(`/cameras/${encodeURIComponent(camera.camera_id)}/status`)), 5_000);
  }, [camera.camera_id]);
  if (mode === "edit") return <EditCamera camera={camera} onClose={() => setMode("look")} />;
  return (
    <Dialog title={camera.name} shape="drawer" onClose={onClose}>
      <div class="dialog-body">
        {canWatch && <Thumbnail cameraId={camera.camera_id} large />}
        <Facts camera={camera} status={status} />
        <WarningNotes warnings={camera.warnings} />
        {may(me.value?.role, "letCamerasPush") && <PlatePushes camera={camera} />}
        {may(me.value?.role, "letCamerasPush") && <PlateSource camera={camera} />}
        <History status={status} />
      </div>
      <footer>
        {canEdit && (
          <Button kind="danger" onClick={() => setMode("remove")}>
            {text.value.common.remove}
          </Button>
        )}
        <span class="grow" />
        {canWatch && <Button onClick={() => go(hashOf("live", null, { cam: camera.camera_id }))}>{t.viewLive}</Button>}
        {canEdit && (
          <Button kind="primary" onClick={() => setMode("edit")}>
            {text.value.common.edit}
          </Button>
        )}
      </footer>
      {mode === "remove" && <Removal camera={camera} onClose={() => setMode("look")} onDone={onClose} />}
    </Dialog>
  );
}

function Facts({ camera, status }: { camera: Camera; status: CameraStatus | null }) {
  const t = text.value.cameras;
  const words = text.value.common;
  const { state, since, reason } = status ?? camera.state;
  const yesOrNo = (value: boolean | null | undefined): string => (value === null || value === undefined ? "—" : value ? words.yes : words.no);
  return (
    <dl class="facts">
      <dt>{t.state}</dt>
      <dd>
        <StateWord camera={{ ...camera, state: { state, since, reason } }} /> {words.since(dateTimeOf(since, zone.value))}
        {causeOf(reason) && <span class="muted"> · {causeOf(reason)}</span>}
      </dd>
      <dt>{t.receiving}</dt>
      <dd>
        {yesOrNo(status?.media?.receiving)}
        {status?.media?.inbound_bytes ? <span class="muted"> · {bytesOf(status.media.inbound_bytes)}</span> : null}
      </dd>
      <dt>{t.main}</dt>
      <dd>{camera.profiles.main ? profileWords(camera.profiles.main) : "—"}</dd>
      <dt>{t.sub}</dt>
      <dd>{camera.profiles.sub ? profileWords(camera.profiles.sub) : t.noSub}</dd>
      <dt>{t.vendor}</dt>
      <dd>{vendors.value.find((vendor) => vendor.key === camera.vendor)?.label ?? camera.vendor}</dd>
      <dt>{t.address}</dt>
      <dd class="mono">{camera.main_url || camera.host || "—"}</dd>
      <dt>{t.place}</dt>
      <dd>{camera.place?.label || "—"}</dd>
      <dt>{t.id}</dt>
      <dd class="mono">{camera.camera_id}</dd>
      <dt>{t.paths}</dt>
      <dd>
        <span class="mono">{Object.values(camera.paths).join(" · ")}</span>
        {(status?.path_troubles ?? camera.path_troubles ?? []).map((trouble) => (
          <div key={trouble.path} class="word-alarm">
            {t.pathNames[trouble.path]}: {causeOf(trouble.code)} <span class="muted">{words.since(dateTimeOf(trouble.since, zone.value))}</span>
          </div>
        ))}
      </dd>
    </dl>
  );
}

function History({ status }: { status: CameraStatus | null }) {
  const t = text.value.cameras;
  if (status === null) return null;
  return (
    <section class="history">
      <h2>{t.history}</h2>
      {status.history.length === 0 && <p class="muted">{t.noHistory}</p>}
      <ol>
        {status.history.map((entry) => (
          <li key={entry.since + entry.state}>
            <span class="mono">{dateTimeOf(entry.since, zone.value)}</span>
            <span>
              {text.value.states[entry.state]}
              {causeOf(entry.reason) && <span class="muted"> · {causeOf(entry.reason)}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Removal({ camera, onClose, onDone }: { camera: Camera; onClose: () => void; onDone: () => void }) {
  const t = text.value.cameras;
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function remove(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await client.delete(`/cameras/${encodeURIComponent(camera.camera_id)}`);
      onDone();
      say(t.removed(camera.name));
      await Promise.all([refreshCameras(), refreshStatus()]);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }
  return (
    <Confirm
      title={t.removeTitle(camera.name)}
      body={t.removeBody(camera.name)}
      action={t.removeConfirm}
      busy={isBusy}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <ErrorNote error={error} />
    </Confirm>
  );
}
