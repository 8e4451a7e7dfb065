import { useEffect, useState } from "preact/hooks";
import type { PlateSource as Source } from "../../api/plates";
import type { Camera } from "../../api/types";
import { text } from "../../i18n";
import { whenOf } from "../../i18n/format";
import { nowMs } from "../../state/clock";
import { poll } from "../../state/poll";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { Button, ErrorNote, Note } from "../../ui/parts";
import { PlateSourceForm } from "./PlateSourceForm";

const POLL_MS = 5_000;

/** How a camera's readings are understood and believed, and how asking it for them goes. */
export function PlateSource({ camera }: { camera: Camera }) {
  const t = text.value.plateSource;
  const path = `/cameras/${encodeURIComponent(camera.camera_id)}/plate-source`;
  const [source, setSource] = useState<Source | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const look = async (): Promise<void> => {
    try {
      setSource(await client.get<Source>(path));
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => poll(look, POLL_MS), [path]);

  return (
    <section class="pushes" data-plate-source={source?.pull_state ?? "unknown"}>
      <h2>{t.title}</h2>
      {source?.pull && <Asking source={source} />}
      <ErrorNote error={error} />
      {source !== null && (
        <div class="ways-left">
          <Button expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? text.value.common.close : t.open}
          </Button>
        </div>
      )}
      {source !== null && isOpen && (
        <PlateSourceForm
          path={path}
          source={source}
          onSaved={(saved) => {
            setSource(saved);
            setOpen(false);
          }}
        />
      )}
    </section>
  );
}

function Asking({ source }: { source: Source }) {
  const t = text.value.plateSource;
  const { pull_state: state, pull_trouble: trouble } = source;
  if (trouble === null) {
    return (
      <dl class="facts">
        <dt>{t.pulled}</dt>
        <dd class={state === "off" ? "word-warn" : ""}>{t.states[state]}</dd>
      </dl>
    );
  }
  const since = text.value.common.since(whenOf(trouble.since, nowMs.value, zone.value));
  return (
    <div data-pull-trouble={trouble.state}>
      <Note title={`${t.pulled}: ${t.states[trouble.state]} ${since}.`}>
        {t.cures[trouble.state]}
        {(state === "connecting" || state === "connected") && <span class="faint"> · {t.trying}</span>}
      </Note>
    </div>
  );
}
