import "./health.css";
import type { CameraState, SiteStatus } from "../../api/types";
import { text } from "../../i18n";
import { bytesOf, mediaWord, numberOf, whenOf } from "../../i18n/format";
import { nowMs, siteClock } from "../../state/clock";
import { troubleWith } from "../../state/link";
import { may } from "../../state/permissions";
import { go, hashOf, route } from "../../state/route";
import { me } from "../../state/session";
import { cameras, camerasOldSince, recordingOf, refreshSite, status, statusOldSince, zone } from "../../state/site";
import { OldData, Unread } from "../../ui/fresh";
import { Button, ErrorNote, explain, Note, Skeleton } from "../../ui/parts";
import { ArchiveCard } from "./archive/ArchiveCard";
import { ArchivePage } from "./archive/ArchivePage";
import { isOfInterest } from "./archive/pending";
import { HubCard } from "./hub/HubCard";
import { HubPage } from "./hub/HubPage";
import { IntegrityCard } from "./storage/IntegrityCard";
import { KeepingCard } from "./storage/KeepingCard";
import { StorageCard } from "./storage/StorageCard";
import { useStorage, type StorageView } from "./storage/useStorage";
import { GroupNote, ProblemNote } from "./ProblemNote";
import { grouped, problemsOf, roomOf, type Problem } from "./problems";

const NEARLY_FULL_PERCENT = 85;
const FULL_PERCENT = 95;

export function HealthRoom() {
  const { detail } = route.value;
  return detail === "hub" ? <HubPage /> : detail === "archive" ? <ArchivePage /> : <Health />;
}

function Health() {
  const t = text.value.health;
  const known = status.value;
  const storage = useStorage(may(me.value?.role, "seeStorage"));
  const problems = problemsOf(known, cameras.value, storage.report);
  const oldSince = statusOldSince.value ?? camerasOldSince.value;
  return (
    <>
      <div class="room-bar">
        <h1>{t.title}</h1>
        {known && oldSince === null && !storage.isAwaited && <span class="muted">{t.problems(grouped(problems).length)}</span>}
        <OldData since={oldSince} />
      </div>
      <div class="room-body pad health" tabIndex={0}>
        {known !== null ? (
          <>
            {oldSince !== null && (
              <NoNews oldSince={oldSince} />
            )}
            <div class={`health${oldSince === null ? "" : " old"}`}>
              <Content known={known} problems={problems} storage={storage} isCurrent={oldSince === null} />
            </div>
          </>
        ) : (
          <Unread of={["status", "cameras"]} onRetry={() => void refreshSite()}>
            <Skeleton rows={3} height={72} />
          </Unread>
        )}
      </div>
    </>
  );
}

/** What is below is old: nobody answers, or the answers are errors. */
function NoNews({ oldSince }: { oldSince: number }) {
  const t = text.value.health;
  const time = whenOf(oldSince + siteClock.offsetMs, nowMs.value, zone.value);
  const trouble = troubleWith("status") ?? troubleWith("cameras");
  const code = trouble === null ? null : explain(trouble.error).code;
  if (code === null) return <Note title={t.noNews}>{t.noNewsBody(time)}</Note>;
  return <Note title={t.wrongNews}>{t.wrongNewsBody(time, text.value.common.code(code))}</Note>;
}

function Content({ known, problems, storage, isCurrent }: { known: SiteStatus; problems: Problem[]; storage: StorageView; isCurrent: boolean }) {
  const t = text.value.health;
  const isEmpty = known.cameras.total === 0;
  const isEnough = storage.report !== null && storage.report.forecast.holds_days !== null;
  return (
    <>
      {problems.length === 0 && isCurrent && !storage.isAwaited && storage.error === null && (
        <Note
          tone="plain"
          title={isEmpty ? text.value.live.firstTitle : t.calm}
          action={isEmpty && may(me.value?.role, "editCameras") && <Button onClick={() => go(hashOf("cameras", null, { add: "1" }))}>{text.value.live.firstAction}</Button>}
        >
          {isEmpty ? t.emptyBody : t.calmBody}
          {isEnough && ` ${text.value.storage.enough}`}
        </Note>
      )}
      {grouped(problems).map((problem) =>
        problem.kind === "group" ? (
          <GroupNote key={problem.of} group={problem} />
        ) : (
          <ProblemNote key={keyOf(problem)} problem={problem} />
        ),
      )}
      <div class="health-cards">
        <CamerasCard known={known} />
        {/* Only the people of the whole site are told. */}
        {known.viewers !== null && (
          <section class="card">
            <span class="muted">{t.viewers}</span>
            <div class="big">{numberOf(known.viewers)}</div>
          </section>
        )}
        <section class="card">
          <span class="muted">{t.media}</span>
          <div class={`big${known.media_server?.state === "down" ? " word-alarm words" : ""}`}>
            {mediaWord(known.media_server)}
          </div>
        </section>
      </div>
      <div class="health-columns">
        {storage.report === null ? <DiskCard known={known} /> : <StorageCard report={storage.report} />}
        <div class="health-stack">
          {known.uplink !== null && <HubCard line={known.uplink} findings={known.findings ?? []} />}
          {known.archive && isOfInterest(known.archive) && <ArchiveCard line={known.archive} findings={known.findings ?? []} />}
          <UnitCard known={known} />
          {may(me.value?.role, "seeStorage") && me.value?.tenant_id === null && <IntegrityCard />}
        </div>
      </div>
      <ErrorNote error={storage.error} action={<Button onClick={() => void storage.reload()}>{text.value.common.retry}</Button>} />
      {storage.report !== null && <KeepingCard report={storage.report} onChanged={() => void storage.reload()} />}
    </>
  );
}

function keyOf(problem: Problem): string {
  if ("camera" in problem) return `${problem.kind} ${problem.camera.camera_id}`;
  return problem.kind === "finding" ? JSON.stringify(problem.finding) : problem.kind;
}

const STATES: readonly CameraState[] = ["recording", "online_not_recording", "offline", "unauthorized", "unknown", "disabled"];

function CamerasCard({ known }: { known: SiteStatus }) {
  const t = text.value;
  const recording = recordingOf(known);
  return (
    <section class="card">
      <span class="muted">{t.rooms.cameras}</span>
      <div class="big">
        {numberOf(recording)}
        <small class="faint">{t.health.recordingCount(known.cameras.total)}</small>
      </div>
      <small class="muted">
        {STATES.filter((state) => state !== "recording" && known.cameras[state] > 0 && (recording !== null || state !== "online_not_recording"))
          .map((state) => t.statesOf[state](known.cameras[state]))
          .join(" · ")}
      </small>
    </section>
  );
}

function DiskCard({ known }: { known: SiteStatus }) {
  const t = text.value.health;
  const { free_bytes: free = null, used_bytes: taken = null, volume = "—" } = known.storage ?? {};
  const room = roomOf({ used_bytes: taken, free_bytes: free });
  const percent = room === null ? null : (room.usedBytes / room.roomBytes) * 100;
  const tone = percent === null ? "" : percent >= FULL_PERCENT ? "alarm" : percent >= NEARLY_FULL_PERCENT ? "warn" : "";
  return (
    <section class="card disk">
      <h2>{t.disk}</h2>
      <div class="disk-line">
        <span class="big">
          {bytesOf(taken)}
          <small class="faint">{t.used(bytesOf(room?.roomBytes))}</small>
        </span>
        <span class="muted">{t.free(bytesOf(free))}</span>
      </div>
      <div
        class="meter"
        role="meter"
        aria-label={t.disk}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent === null ? undefined : Math.round(percent)}
      >
        <i class={tone} style={{ width: `${percent ?? 0}%` }} />
      </div>
      <dl class="facts">
        <dt>{t.volume}</dt>
        <dd class="mono">{volume}</dd>
      </dl>
    </section>
  );
}

function UnitCard({ known }: { known: SiteStatus }) {
  const t = text.value.health;
  const server = known.media_server;
  return (
    <section class="card">
      <h2>{t.site}</h2>
      <dl class="facts">
        <dt>{t.site}</dt>
        <dd>{known.site.name}</dd>
        <dt>{t.version}</dt>
        <dd class="mono">{known.version}</dd>
        <dt>{t.media}</dt>
        <dd>
          {server ? `${server.kind === null ? "—" : t.kinds[server.kind]} · ${server.version ?? "—"}` : "—"}
          {server?.kind === "embedded" && <small class="faint hint">{t.notHere}</small>}
        </dd>
        <dt>{t.timezone}</dt>
        <dd>{known.site.timezone}</dd>
        <dt>{t.clock}</dt>
        <dd>{clockWords()}</dd>
      </dl>
    </section>
  );
}

/** The browser is ahead of the unit when the offset that leads to the unit's time is negative. */
function clockWords(): string {
  const t = text.value.health;
  const offS = Math.abs(siteClock.offsetMs) / 1000;
  return offS < 2 ? t.clockRight : t.clockOff(numberOf(offS), siteClock.offsetMs < 0);
}
