import { useEffect, useState } from "preact/hooks";
import type { Camera } from "../../api/types";
import { text } from "../../i18n";
import { client } from "../../state/session";
import { loadVendors, refreshCameras, vendors } from "../../state/site";
import { say } from "../../state/toasts";
import { Dialog } from "../../ui/Dialog";
import { Button } from "../../ui/parts";
import { CameraError } from "./CameraError";
import { AccessFields, NameFields } from "./fields";
import { accessFaults, changesTo, faultsOf, formOf, nameFaults, type CameraForm, type FieldFaults } from "./form";
import { useTenants } from "./tenants";

/** Change a camera. The daemon verifies a changed address or password before it keeps them. */
export function EditCamera({ camera, onClose }: { camera: Camera; onClose: () => void }) {
  const t = text.value.wizard;
  const [form, setForm] = useState<CameraForm>(() => formOf(camera));
  const [faults, setFaults] = useState<FieldFaults>({});
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const tenants = useTenants();
  const vendor = vendors.value.find((each) => each.key === form.vendor);
  const props = { form, faults, change: (changes: Partial<CameraForm>) => setForm({ ...form, ...changes }) };
  useEffect(() => void loadVendors().catch(setError), []);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const found = { ...accessFaults(form, vendor), ...nameFaults(form) };
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    setError(null);
    try {
      const changes = changesTo(camera, form, vendor);
      if (Object.keys(changes).length > 0) await client.patch(`/cameras/${encodeURIComponent(camera.camera_id)}`, changes);
      await refreshCameras();
      say(text.value.cameras.changed);
      onClose();
    } catch (failure) {
      setError(failure);
      setFaults(faultsOf(failure, vendor));
      setBusy(false);
    }
  }

  return (
    <Dialog title={t.editTitle} shape="drawer" note={camera.camera_id} onClose={onClose} hasWork={() => Object.keys(changesTo(camera, form, vendor)).length > 0}>
      <form class="drawer-form" onSubmit={(event) => void submit(event)} noValidate>
        <div class="dialog-body">
          <NameFields {...props} tenants={tenants} isNew={false} />
          <hr />
          <AccessFields {...props} vendors={vendors.value} vendor={vendor} hasPassword={camera.has_password} />
          <CameraError error={error} vendor={vendor} />
        </div>
        <footer>
          <Button onClick={onClose}>{text.value.common.cancel}</Button>
          <Button type="submit" kind="primary" disabled={isBusy}>
            {isBusy ? t.checking : text.value.common.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
