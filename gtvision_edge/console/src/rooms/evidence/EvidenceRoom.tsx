import "./evidence.css";
import { useEffect, useState } from "preact/hooks";
import type { SiteKeys } from "../../api/evidence";
import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { go, hashOf, route } from "../../state/route";
import { client, me } from "../../state/session";
import { Button, Segments } from "../../ui/parts";
import { copy } from "./ExportCard";
import { ExportsTab } from "./ExportsTab";
import { IncidentsTab } from "./IncidentsTab";
import { PurgesTab } from "./PurgesTab";
import { TrailTab } from "./TrailTab";
import { VerifyDialog } from "./VerifyDialog";

type Tab = "incidents" | "exports" | "purges" | "trail";

export function EvidenceRoom() {
  const t = text.value.evidence;
  const role = me.value?.role;
  const tabs: Tab[] = ["incidents", "exports"];
  if (may(role, "seePurges")) tabs.push("purges");
  if (may(role, "seeAudit")) tabs.push("trail");
  const tab = tabs.find((each) => each === route.value.detail) ?? "incidents";
  const [isAdding, setAdding] = useState(false);
  const [verifying, setVerifying] = useState<{ file: File | null } | null>(null);
  const key = useSiteKey();
  const drop = useDrop((file) => setVerifying({ file }));
  const canAdd = (tab === "incidents" && may(role, "holdFootage")) || (tab === "exports" && may(role, "exportFootage"));
  return (
    <div class={`evidence${drop.isOver ? " over" : ""}`} {...drop.handlers}>
      <div class="room-bar">
        <h1>{t.title}</h1>
        <Segments
          label={t.title}
          options={tabs.map((value) => ({ value, label: t.tabs[value] }))}
          value={tab}
          onChange={(value) => {
            setAdding(false);
            go(hashOf("evidence", value));
          }}
        />
        <span class="grow" />
        <Button onClick={() => setVerifying({ file: null })}>{t.verify}</Button>
        {canAdd && (
          <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
            {tab === "incidents" ? t.newIncident : t.newExport}
          </Button>
        )}
      </div>
      <div class={`evidence-columns${tab === "incidents" || tab === "exports" ? "" : " wide"}`}>
        <div class="room-body pad" tabIndex={0}>
          {tab === "incidents" && <IncidentsTab isAdding={isAdding} onAdded={() => setAdding(false)} />}
          {tab === "exports" && <ExportsTab isAdding={isAdding} onAdded={() => setAdding(false)} />}
          {tab === "purges" && <PurgesTab />}
          {tab === "trail" && <TrailTab />}
        </div>
        <Anyone siteKey={key} />
      </div>
      {verifying !== null && <VerifyDialog file={verifying.file} siteFingerprint={key?.fingerprint ?? null} onClose={() => setVerifying(null)} />}
    </div>
  );
}

/** How somebody who gets a bundle checks it. */
function Anyone({ siteKey }: { siteKey: SiteKeys["site_key"] | null }) {
  const t = text.value.evidence;
  return (
    <aside class="anyone">
      <h2>{t.anyoneTitle}</h2>
      <p class="muted">{t.anyoneBody}</p>
      {siteKey !== null && (
        <>
          <dl class="facts one">
            <dt>{t.key}</dt>
            <dd>
              {siteKey.name}
              <span class="mono block">{siteKey.fingerprint}</span>
            </dd>
          </dl>
          <small class="muted">{t.keyHint}</small>
          <div>
            <Button onClick={() => void copy(siteKey.fingerprint)}>{t.copy}</Button>
          </div>
          <pre class="mono">{`gtvision-edge verify ${t.bundleFile} \\\n  --key ${siteKey.fingerprint}`}</pre>
        </>
      )}
    </aside>
  );
}

function useSiteKey(): SiteKeys["site_key"] | null {
  const [key, setKey] = useState<SiteKeys["site_key"] | null>(null);
  useEffect(() => {
    client
      .get<SiteKeys>("/site/keys")
      .then((keys) => setKey(keys.site_key))
      .catch(() => {});
  }, []);
  return key;
}

/** A file let go anywhere on the room is taken; without this the browser would leave the page for it. */
function useDrop(onFile: (file: File) => void) {
  const [isOver, setOver] = useState(false);
  const carriesFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  return {
    isOver,
    handlers: {
      onDragOver: (event: DragEvent) => {
        if (!carriesFile(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: (event: DragEvent) => {
        if (event.relatedTarget === null || !(event.currentTarget as Node).contains(event.relatedTarget as Node)) setOver(false);
      },
      onDrop: (event: DragEvent) => {
        if (!carriesFile(event)) return;
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file !== undefined) onFile(file);
      },
    },
  };
}
