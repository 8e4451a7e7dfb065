import { useEffect, useRef, useState } from "preact/hooks";
import type { DiscoverBody, FoundDevice } from "../../../api/types";
import { text } from "../../../i18n";
import { poll } from "../../../state/poll";
import { client } from "../../../state/session";
import { camerasById, refreshCameras } from "../../../state/site";
import { Dialog } from "../../../ui/Dialog";
import { Button, ErrorNote } from "../../../ui/parts";
import { chosenTenant, useTenants } from "../tenants";
import { addAll, attempts, isAdding, isWatched, leaveAdding } from "./adding";
import { AddProgress } from "./AddProgress";
import { PickList, type Picks } from "./PickList";
import { accessFault, keyOf, targetsIn, type Access } from "./search";
import { SearchForm, type Where } from "./SearchForm";

/** The daemon sends for so long at most; the rest is for slow lines. */
const SEARCH_S = 4;
const SEARCH_TIMEOUT_MS = 20_000;

type Stage = "where" | "pick" | "adding";

/** Find cameras on the network, pick some, give one password, see each of them recorded or why not. */
export function SearchDrawer({ onClose }: { onClose: () => void }) {
  const t = text.value.search;
  const [stage, setStage] = useState<Stage>(attempts.value.length > 0 ? "adding" : "where");
  const [where, setWhere] = useState<Where>({ method: "multicast", typed: "" });
  const [found, setFound] = useState<FoundDevice[]>([]);
  const [picks, setPicks] = useState<Picks>({});
  const [access, setAccess] = useState<Access>({ username: "", password: "", isOpen: false, tenantId: "" });
  const [fault, setFault] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const drawer = useRef<HTMLFormElement>(null);
  const tenants = useTenants();
  useEffect(() => {
    isWatched.value = true;
    return () => {
      isWatched.value = false;
    };
  }, []);
  const picked = found.filter((device) => picks[keyOf(device)] !== undefined);
  const failed = attempts.value.filter((attempt) => attempt.error !== null);
  const isWaiting = stage === "adding" && attempts.value.some((attempt) => attempt.camera !== null && camerasById.value.get(attempt.camera.camera_id)?.state.state !== "recording");
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

  function add(): void {
    const isNameless = picked.some((device) => picks[keyOf(device)]?.trim() === "");
    const missing = accessFault(access);
    setFault(isNameless ? t.nameless : missing === null ? "" : t.accessFaults[missing]);
    if (missing !== null) drawer.current?.querySelector<HTMLInputElement>(`input[name=${missing}]`)?.focus();
    if (isNameless || missing !== null) return;
    setStage("adding");
    const named = picked.map((device) => ({ device, name: picks[keyOf(device)] ?? "" }));
    void addAll(named, { ...access, tenantId: chosenTenant(access.tenantId, tenants) });
  }

  /** Go back to the list with what failed picked again, and what was added marked. */
  function retry(): void {
    const added = new Map(attempts.value.map((attempt) => [keyOf(attempt.device), attempt.camera?.camera_id]));
    const listed = found.length > 0 ? found : attempts.value.map((attempt) => attempt.device);
    setFound(listed.map((device) => ({ ...device, already_added_as: added.get(keyOf(device)) ?? device.already_added_as })));
    setPicks(Object.fromEntries(failed.map((attempt) => [keyOf(attempt.device), attempt.name])));
    setStage("pick");
  }

  function close(): void {
    leaveAdding();
    onClose();
  }

  function submit(event: Event): void {
    event.preventDefault();
    if (isBusy) return;
    if (stage === "where") void search();
    else if (stage === "pick" && picked.length > 0) add();
  }

  return (
    <Dialog title={t.title} shape="drawer" note={stage === "pick" ? t.found(found.length) : ""} onClose={close} hasWork={() => stage === "pick" && access.password !== ""}>
      <form ref={drawer} class="drawer-form" onSubmit={submit} noValidate>
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
              onByAddress={() => {
                setWhere({ ...where, method: "unicast" });
                setStage("where");
              }}
            />
          )}
          {stage === "adding" && <AddProgress attempts={attempts.value} />}
          <ErrorNote error={error} />
        </div>
        <footer>
          {stage === "where" && <Button onClick={close}>{text.value.common.cancel}</Button>}
          {stage === "pick" && <Button onClick={() => setStage("where")}>{t.again}</Button>}
          {stage === "adding" && failed.length > 0 && !isAdding.value && <Button onClick={retry}>{t.retry}</Button>}
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
            <Button kind="primary" onClick={close}>
              {isAdding.value ? t.goOnAside : text.value.wizard.finish}
            </Button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}
