import { useEffect, useState } from "preact/hooks";
import type { Camera, ProbeReport } from "../../api/types";
import { text } from "../../i18n";
import { client } from "../../state/session";
import { loadVendors, refreshCameras, refreshStatus, vendors } from "../../state/site";
import { Dialog } from "../../ui/Dialog";
import { Button } from "../../ui/parts";
import { CameraError } from "./CameraError";
import { CheckReport } from "./CheckReport";
import { AccessFields, NameFields } from "./fields";
import { accessFaults, cameraBody, checkSeconds, concernsAccess, emptyForm, faultsOf, hasTyped, nameFaults, probeBody, type CameraForm, type FieldFaults } from "./form";
import { FirstRecording } from "./FirstRecording";
import { chosenTenant, useTenants } from "./tenants";

/** The daemon answers within 5 s, or 10 s by ONVIF; the rest is for slow lines. */
const PROBE_TIMEOUT_MS = 20_000;

type Stage = "access" | "check" | "name" | "saved";

/** Add a camera: reach it, look at what it sends, name it, see it recorded. Nothing is stored before the last step. */
export function Wizard({ onClose }: { onClose: () => void }) {
  const t = text.value.wizard;
  const [stage, setStage] = useState<Stage>("access");
  const [form, setForm] = useState<CameraForm>(() => emptyForm(vendors.value[0]?.key ?? "intelbras"));
  const [faults, setFaults] = useState<FieldFaults>({});
  const [report, setReport] = useState<ProbeReport | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [saved, setSaved] = useState<Camera | null>(null);
  const tenants = useTenants();
  const vendor = vendors.value.find((each) => each.key === form.vendor);
  useEffect(() => void loadVendors().catch(setError), []);

  const props = {
    form,
    faults,
    change: (changes: Partial<CameraForm>) => setForm((before) => ({ ...before, ...changes })),
  };

  async function attempt(work: () => Promise<void>, found: FieldFaults): Promise<void> {
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
      const pointed = faultsOf(failure, vendor);
      setFaults(pointed);
      if (concernsAccess(pointed)) setStage("access");
    } finally {
      setBusy(false);
    }
  }

  const check = (): Promise<void> =>
    attempt(async () => {
      setReport(await client.post<ProbeReport>("/cameras/probe", probeBody(form, vendor), { timeoutMs: PROBE_TIMEOUT_MS }));
      setStage("check");
    }, accessFaults(form, vendor));

  const save = (): Promise<void> =>
    attempt(async () => {
      const body = cameraBody({ ...form, tenantId: chosenTenant(form.tenantId, tenants) }, vendor);
      setSaved(await client.post<Camera>("/cameras", body, { timeoutMs: PROBE_TIMEOUT_MS }));
      setStage("saved");
      void refreshCameras().catch(() => {});
      void refreshStatus().catch(() => {});
    }, nameFaults(form));

  function submit(event: Event): void {
    event.preventDefault();
    if (isBusy) return;
    if (stage === "access") void check();
    else if (stage === "check") setStage("name");
    else if (stage === "name") void save();
  }

  function startOver(): void {
    setForm({ ...emptyForm(form.vendor), username: form.username, password: form.password });
    setReport(null);
    setSaved(null);
    setStage("access");
  }

  const step = { access: 1, check: 2, name: 3, saved: 3 }[stage];
  return (
    <Dialog title={text.value.cameras.add} shape="drawer" note={stage === "saved" ? "" : t.step(step, t.steps[step - 1] ?? "")} onClose={onClose} hasWork={() => stage !== "saved" && hasTyped(form)}>
      <form class="drawer-form" onSubmit={submit} noValidate>
        <div class="dialog-body">
          {stage === "access" && <AccessFields {...props} vendors={vendors.value} vendor={vendor} />}
          {stage === "check" && report && <CheckReport report={report} />}
          {stage === "name" && <NameFields {...props} tenants={tenants} isNew />}
          {stage === "saved" && saved && <FirstRecording camera={saved} snapshot={report?.snapshot ?? null} />}
          {isBusy && stage === "access" && (
            <p class="muted" role="status">
              {t.checking} {t.checkingHint(checkSeconds(form.vendor))}
            </p>
          )}
          <CameraError error={error} vendor={vendor} />
        </div>
        <footer>
          {stage === "access" && <Button onClick={onClose}>{text.value.common.cancel}</Button>}
          {(stage === "check" || stage === "name") && (
            <Button
              onClick={() => {
                setError(null);
                setStage(stage === "check" ? "access" : "check");
              }}
            >
              {text.value.common.back}
            </Button>
          )}
          <span class="grow" />
          {stage === "access" && (
            <Button type="submit" kind="primary" disabled={isBusy}>
              {isBusy ? t.checking : t.check}
            </Button>
          )}
          {stage === "check" && (
            <Button type="submit" kind="primary">
              {text.value.common.next}
            </Button>
          )}
          {stage === "name" && (
            <Button type="submit" kind="primary" disabled={isBusy}>
              {isBusy ? text.value.common.saving : form.record ? t.save : t.saveQuiet}
            </Button>
          )}
          {stage === "saved" && (
            <>
              <Button onClick={startOver}>{t.another}</Button>
              <Button kind="primary" onClick={onClose}>
                {t.finish}
              </Button>
            </>
          )}
        </footer>
      </form>
    </Dialog>
  );
}
