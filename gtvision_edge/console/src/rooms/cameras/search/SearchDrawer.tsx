import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera, DiscoverBody, FoundDevice } from "../../../api/types";
import { text } from "../../../i18n";
import { poll } from "../../../state/poll";
import { client } from "../../../state/session";
import { camerasById, refreshCameras, refreshStatus } from "../../../state/site";
import { Dialog } from "../../../ui/Dialog";
import { Button, ErrorNote } from "../../../ui/parts";
import { chosenTenant, useTenants } from "../tenants";
import { AddProgress, type Attempt } from "./AddProgress";
import { PickList, type Picks } from "./PickList";
import { bodyOf, inTurns, keyOf, nameOf, targetsIn, type Access } from "./search";
import { SearchForm, type Where } from "./SearchForm";

/** The daemon sends for so long at most; the rest is for slow lines. */
const SEARCH_S = 4;
const SEARCH_TIMEOUT_MS = 20_000;
/** Five seconds for ONVIF, five for the video, and a queue in between. */
const ADD_TIMEOUT_MS = 40_000;
const AT_A_TIME = 2;

type Stage = "where" | "pick" | "adding";

/** Find cameras on the network, pick some, give one password, see each of them recorded or why not. */
export function SearchDrawer({ onClose }: { onClose: () => void }) {
  const t = text.value.search;
  const [stage, setStage] = useState<Stage>("where");
  const [where, setWhere] = useState<Where>({ method: "multicast", typed: "" });
  const [found, setFound] = useState<FoundDevice[]>([]);
  const [picks, setPicks] = useState<Picks>({});
  const [access, setAccess] = useState<Access>({ username: "", password: "", tenantId: "" });
  const [attempts, setAttempts] = useState<Attempt[]>([]);
  const [fault, setFault] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const isOpen = useRef(true);
  const tenants = useTenants();
  useEffect(() => () => void (isOpen.current = false), []);
  const picked = found.filter((device) => picks[keyOf(device)] !== undefined);
  const failed = attempts.filter((attempt) => attempt.error !== null);
  const isWaiting = stage === "adding" && attempts.some((attempt) => attempt.camera !== null && camerasById.value.get(attempt.camera.camera_id)?.state.state !== "recording");
  useEffect(() => (isWaiting ? poll(refreshCameras, 1_000) : undefined), [isWaiting]);

  async function search(): Promise<void> {
    const targets = where.method === "multicast" ? {} : targetsIn(where.typed);
    setFault(targets === null ? t.badTargets : "");
    if (targets === null) return;
    setBusy(true);
    setError(null);
    try {
      const body: DiscoverBody = { method: where.method, timeout_s: "network" in targets ? 2 * SEARCH_S : SEARCH_S, ...targets };
      setFound((await client.post<{ items: FoundDevice[] }>("/cameras/discover", body, { timeoutMs: SEARCH_TIMEOUT_MS })).items);
      setPicks({});
      setStage("pick");
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  async function add(): Promise<void> {
    const isNameless = picked.some((device) => picks[keyOf(device)]?.trim() === "");
    setFault(isNameless ? t.nameless : "");
    if (isNameless) return;
    const started: Attempt[] = picked.map((device) => ({ device, name: picks[keyOf(device)] ?? nameOf(device, t.camera), isRunning: false, camera: null, error: null }));
    setAttempts(started);
    setStage("adding");
    setBusy(true);
    const set = (device: FoundDevice, changes: Partial<Attempt>): void =>
      setAttempts((before) => before.map((each) => (each.device === device ? { ...each, ...changes } : each)));
    const tenantId = chosenTenant(access.tenantId, tenants);
    await inTurns(started, AT_A_TIME, async ({ device, name }) => {
      if (!isOpen.current) return;
      set(device, { isRunning: true });
      try {
        const camera = await client.post<Camera>("/cameras", bodyOf(device, name, { ...access, tenantId }), { timeoutMs: ADD_TIMEOUT_MS });
        set(device, { isRunning: false, camera });
        void refreshCameras().catch(() => {});
      } catch (failure) {
        set(device, { isRunning: false, error: failure });
      }
    });
    setBusy(false);
    void refreshStatus().catch(() => {});
  }

  /** Go back to the list with what failed picked again, and what was added marked. */
  function retry(): void {
    const added = new Map(attempts.map((attempt) => [keyOf(attempt.device), attempt.camera?.camera_id]));
    setFound(found.map((device) => ({ ...device, already_added_as: added.get(keyOf(device)) ?? device.already_added_as })));
    setPicks(Object.fromEntries(failed.map((attempt) => [keyOf(attempt.device), attempt.name])));
    setStage("pick");
  }

  function submit(event: Event): void {
    event.preventDefault();
    if (isBusy) return;
    if (stage === "where") void search();
    else if (stage === "pick" && picked.length > 0) void add();
  }

  return (
    <Dialog title={t.title} shape="drawer" note={stage === "where" ? "" : t.found(found.length)} onClose={onClose}>
      <form class="drawer-form" onSubmit={submit} noValidate>
        <div class="dialog-body">
          {stage === "where" && <SearchForm where={where} fault={fault} isBusy={isBusy} onChange={(changes) => setWhere({ ...where, ...changes })} />}
          {stage === "pick" && (
            <PickList
              found={found}
              picks={picks}
              onPick={setPicks}
              access={access}
              onAccess={(changes) => setAccess({ ...access, ...changes })}
              tenants={tenants}
              fault={fault}
            />
          )}
          {stage === "adding" && <AddProgress attempts={attempts} />}
          <ErrorNote error={error} />
        </div>
        <footer>
          {stage === "where" && <Button onClick={onClose}>{text.value.common.cancel}</Button>}
          {stage === "pick" && <Button onClick={() => setStage("where")}>{t.again}</Button>}
          {stage === "adding" && failed.length > 0 && !isBusy && <Button onClick={retry}>{t.retry}</Button>}
          <span class="grow" />
          {stage === "where" && (
            <Button type="submit" kind="primary" icon="search" disabled={isBusy}>
              {isBusy ? t.searching : t.search}
            </Button>
          )}
          {stage === "pick" && found.length > 0 && (
            <Button type="submit" kind="primary" disabled={picked.length === 0}>
              {t.add(picked.length)}
            </Button>
          )}
          {stage === "adding" && (
            <Button kind="primary" onClick={onClose} disabled={isBusy}>
              {text.value.wizard.finish}
            </Button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}
