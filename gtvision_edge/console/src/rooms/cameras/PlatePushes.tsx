import { useEffect, useState } from "preact/hooks";
import type { PushHelp, PushStatus } from "../../api/plates";
import type { Camera } from "../../api/types";
import { text } from "../../i18n";
import { dateTimeOf, whenOf } from "../../i18n/format";
import { nowMs } from "../../state/clock";
import { poll } from "../../state/poll";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Confirm } from "../../ui/Dialog";
import { Button, ErrorNote, explain, Skeleton } from "../../ui/parts";
import { Problem } from "../../api/problem";
import { PushSettings } from "./PushSettings";

const POLL_MS = 3_000;

/** How a camera's readings get here: its secret, what to paste where, and whether they come. */
export function PlatePushes({ camera }: { camera: Camera }) {
  const t = text.value.pushing;
  const path = `/cameras/${encodeURIComponent(camera.camera_id)}`;
  const [status, setStatus] = useState<PushStatus | null>(null);
  const [help, setHelp] = useState<PushHelp | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const look = async (): Promise<void> => setStatus(await client.get<PushStatus>(`${path}/push-status`));
  useEffect(() => poll(look, POLL_MS), [camera.camera_id]);

  async function attempt(work: () => Promise<void>): Promise<void> {
    setError(null);
    try {
      await work();
      await look();
    } catch (failure) {
      setError(failure);
    }
  }

  const show = (url?: string): Promise<void> => attempt(async () => setHelp(await client.get<PushHelp>(`${path}/push-help${url ? `?url=${encodeURIComponent(url)}` : ""}`)));
  const renew = (atOnce: boolean): Promise<void> =>
    attempt(async () => {
      await client.post(`${path}/push-secret`, { at_once: atOnce });
      setHelp(await client.get<PushHelp>(`${path}/push-help`));
      setAsking(false);
      say(t.renewed);
    });

  return (
    <section class="pushes" data-pushes>
      <h2>{t.title}</h2>
      {status === null ? (
        <Skeleton rows={2} height={20} />
      ) : (
        <>
          {status.made_at === null ? <p class="muted">{t.noSecret}</p> : <Arrivals status={status} />}
          <div class="ways-left">
            {status.made_at === null ? (
              <Button kind="primary" onClick={() => void renew(false)}>
                {t.make}
              </Button>
            ) : (
              <>
                <Button expanded={help !== null} onClick={() => (help === null ? void show() : setHelp(null))}>
                  {help === null ? t.show : t.hide}
                </Button>
                <Button onClick={() => setAsking(true)}>{t.renew}</Button>
              </>
            )}
          </div>
          {status.made_at !== null && help === null && <small class="faint">{t.shownIsAudited}</small>}
        </>
      )}
      <ErrorNote error={error} />
      {help !== null && <PushSettings help={help} onAddress={(url) => void show(url)} />}
      {isAsking && <Renewal onRenew={renew} onClose={() => setAsking(false)} />}
    </section>
  );
}

/** By this one sees that readings arrive, or why they do not. */
function Arrivals({ status }: { status: PushStatus }) {
  const t = text.value.pushing;
  const when = (at: string): string => whenOf(at, nowMs.value, zone.value);
  const sourceOf = (source: string): string => text.value.plateSources[source] ?? source;
  const { last_received: received, last_refused: refused } = status;
  // Refused and then received: it was mended.
  const isMended = received !== null && refused !== null && Date.parse(received.at) > Date.parse(refused.at);
  return (
    <>
      <dl class="facts">
        <dt>{t.made}</dt>
        <dd>
          {t.madeAt(dateTimeOf(status.made_at, zone.value))}
          {status.previous_until !== null && <span class="muted"> · {t.previousUntil(dateTimeOf(status.previous_until, zone.value))}</span>}
        </dd>
        <dt>{t.received}</dt>
        <dd data-received>
          {received === null ? <span class="muted">{t.noneSince(when(status.since))}</span> : `${when(received.at)} · ${t.kinds[received.kind]} · ${sourceOf(received.source)}`}
        </dd>
        <dt>{t.refused}</dt>
        <dd data-refused>
          {refused === null ? (
            <span class="muted">{t.noneSince(when(status.since))}</span>
          ) : (
            <>
              <span class={isMended ? "muted" : "word-warn"}>
                {when(refused.at)} · {sourceOf(refused.source)} · <Why code={refused.reason} />
              </span>
            </>
          )}
        </dd>
      </dl>
      {received === null && <p class="muted">{t.waiting}</p>}
    </>
  );
}

/** The code of a refusal in words, with its cure. */
function Why({ code }: { code: string }) {
  const { title, cure } = explain(new Problem(400, code, "", {}));
  return (
    <>
      {title} {cure} <span class="faint code">{text.value.common.code(code)}</span>
    </>
  );
}

function Renewal({ onRenew, onClose }: { onRenew: (atOnce: boolean) => Promise<void>; onClose: () => void }) {
  const t = text.value.pushing;
  const [isAtOnce, setAtOnce] = useState(false);
  const [isBusy, setBusy] = useState(false);
  return (
    <Confirm
      title={t.renewTitle}
      body={t.renewBody}
      action={t.renew}
      busy={isBusy}
      onConfirm={() => {
        setBusy(true);
        void onRenew(isAtOnce).finally(() => {
          setBusy(false);
          onClose();
        });
      }}
      onClose={onClose}
    >
      <label class="check">
        <input type="checkbox" checked={isAtOnce} onChange={(event) => setAtOnce(event.currentTarget.checked)} />
        {t.renewAtOnce}
      </label>
    </Confirm>
  );
}
