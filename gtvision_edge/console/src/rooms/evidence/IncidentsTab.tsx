import { useState } from "preact/hooks";
import type { Export, Incident } from "../../api/evidence";
import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { go, hashOf } from "../../state/route";
import { me } from "../../state/session";
import { say } from "../../state/toasts";
import { Button, Empty, ErrorNote, Segments, Skeleton } from "../../ui/parts";
import { sayHeld } from "./held";
import { ExportDialog } from "./ExportDialog";
import { IncidentCard } from "./IncidentCard";
import { IncidentForm, ReleaseDialog } from "./IncidentForm";
import { usePages } from "./pages";

type Shown = "open" | "released" | "all";
type Asked = { what: "change" | "release" | "export"; incident: Incident };

export function IncidentsTab({ isAdding, onAdded }: { isAdding: boolean; onAdded: () => void }) {
  const t = text.value.evidence;
  const [shown, setShown] = useState<Shown>("open");
  const [asked, setAsked] = useState<Asked | null>(null);
  const incidents = usePages<Incident>(`/incidents?limit=20${shown === "all" ? "" : `&state=${shown}`}`, (each) => each.incident_id);
  const exports = usePages<Export>("/exports?limit=500", (each) => each.export_id);
  const mayHold = may(me.value?.role, "holdFootage");
  const close = (): void => {
    setAsked(null);
    if (isAdding) onAdded();
  };
  const done = (words: string): void => {
    close();
    say(words);
    void incidents.reload();
  };
  const made = (incident: Incident): void => {
    close();
    sayHeld(incident);
    void incidents.reload();
  };
  return (
    <div class="stack">
      <div>
        <Segments label={t.tabs.incidents} options={(["open", "released", "all"] as const).map((value) => ({ value, label: t.states[value] }))} value={shown} onChange={setShown} />
      </div>
      <ErrorNote error={incidents.error} action={<Button onClick={() => void incidents.reload()}>{text.value.common.retry}</Button>} />
      {incidents.items === null && incidents.error === null && <Skeleton rows={3} height={150} />}
      {incidents.items?.length === 0 &&
        (shown === "released" ? (
          <p class="muted">{t.noneInState}</p>
        ) : (
          <Empty title={t.noIncidents}>{mayHold ? t.noIncidentsBody : t.noIncidentsReader}</Empty>
        ))}
      {incidents.items?.map((incident) => (
        <IncidentCard
          key={incident.incident_id}
          incident={incident}
          exports={(exports.items ?? []).filter((each) => each.incident_id === incident.incident_id)}
          onAsk={(what) => setAsked({ what, incident })}
        />
      ))}
      {incidents.next !== null && (
        <div>
          <Button onClick={incidents.more}>{t.more}</Button>
        </div>
      )}
      {isAdding && <IncidentForm incident={null} onClose={close} onSaved={made} />}
      {asked?.what === "change" && <IncidentForm incident={asked.incident} onClose={close} onSaved={() => done(t.changed)} />}
      {asked?.what === "release" && <ReleaseDialog incident={asked.incident} onClose={close} onReleased={() => done(t.releasedDone)} />}
      {asked?.what === "export" && (
        <ExportDialog
          incident={asked.incident}
          onClose={close}
          onBegun={() => {
            close();
            say(t.exportBegun);
            go(hashOf("evidence", "exports"));
          }}
        />
      )}
    </div>
  );
}
