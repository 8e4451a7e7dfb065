import "./health.css";
import type { ComponentChildren } from "preact";
import type { CameraState, SiteStatus } from "../../api/types";
import { text } from "../../i18n";
import { bytesOf, causeOf, mediaWord, numberOf, whenOf } from "../../i18n/format";
import { nowMs, siteClock } from "../../state/clock";
import { troubleWith } from "../../state/link";
import { may } from "../../state/permissions";
import { go, hashOf } from "../../state/route";
import { me } from "../../state/session";
import { cameras, camerasOldSince, recordingOf, refreshSite, status, statusOldSince, zone } from "../../state/site";
import { OldData, Unread } from "../../ui/fresh";
import { Button, ErrorNote, explain, Note, Skeleton } from "../../ui/parts";
import { IntegrityCard } from "./storage/IntegrityCard";
import { KeepingCard } from "./storage/KeepingCard";
import { outlookWords, shortWords, StorageCard } from "./storage/StorageCard";
import { useStorage, type StorageView } from "./storage/useStorage";
import { grouped, problemsOf, roomOf, type CameraProblem, type Group, type Problem } from "./problems";

const NEARLY_FULL_PERCENT = 85;
const FULL_PERCENT = 95;

export function HealthRoom() {
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

/** A way to the cameras that one cause stops. */
function Affected({ count }: { count: number }) {
  if (count === 0 || !may(me.value?.role, "seeCameras")) return null;
  return <Button onClick={() => go(hashOf("cameras", null, { state: "online_not_recording" }))}>{text.value.health.openList}</Button>;
}

function GroupNote({ group }: { group: Group }) {
  const t = text.value.health;
  return (
    <Note
      tone={group.tone}
      title={group.of === "path" ? t.manyPaths(group.count) : t.many(group.count, text.value.states[group.state])}
      action={
        may(me.value?.role, "seeCameras") && (
          <Button onClick={() => go(hashOf("cameras", null, { state: group.of === "path" ? null : group.state }))}>{t.openList}</Button>
        )
      }
    >
      {t.manyBody}
    </Note>
  );
}

function ProblemNote({ problem }: { problem: Problem }) {
  const t = text.value.health;
  if (problem.kind === "finding") {
    const { code, ...facts } = problem.finding;
    const words = text.value.findings[code]?.(facts) ?? text.value.volumes[code];
    return (
      <Note tone={problem.tone} title={words?.title ?? code} action={<Affected count={problem.affected} />}>
        {words?.cure}
        {problem.affected > 0 && <> {t.affected(problem.affected)}</>}
      </Note>
    );
  }
  if (problem.kind === "disk_unknown") return <Note title={t.disk}>{t.diskUnknown}</Note>;
  if (problem.kind === "disk_full") {
    return (
      <Note tone={problem.tone} title={t.disk}>
        {t.diskFull(`${numberOf(problem.usedShare * 100)} %`)}
      </Note>
    );
  }
  if (problem.kind === "only_held") return <Note tone={problem.tone} title={shortWords(problem.storage)} />;
  if (problem.kind === "near_trip") {
    return (
      <Note tone={problem.tone} title={t.nearTrip(bytesOf(problem.freeBytes))}>
        {t.nearTripBody(bytesOf(problem.tripFreeBytes))}
      </Note>
    );
  }
  if (problem.kind === "disk_short") {
    return (
      <Note tone={problem.tone} title={outlookWords(problem.daysLeft)}>
        {t.diskShortBody}
      </Note>
    );
  }
  const { camera } = problem;
  const since = text.value.common.since(whenOf(camera.state.since, nowMs.value, zone.value));
  if (problem.kind === "path") {
    return (
      <CameraNote problem={problem}>
        {t.path(text.value.cameras.pathNames[problem.trouble.path], causeOf(problem.trouble.code) ?? "", whenOf(problem.trouble.since, nowMs.value, zone.value))}
      </CameraNote>
    );
  }
  const words = { offline: t.offline, unauthorized: t.unauthorized, not_recording: t.notRecording }[problem.kind](since);
  return <CameraNote problem={problem}>{words}</CameraNote>;
}

function CameraNote({ problem, children }: { problem: CameraProblem; children: ComponentChildren }) {
  const { camera } = problem;
  return (
    <Note
      tone={problem.tone}
      title={camera.name}
      action={
        may(me.value?.role, "seeCameras") && (
          <Button onClick={() => go(hashOf("cameras", camera.camera_id))}>{text.value.health.openCamera}</Button>
        )
      }
    >
      {children}
    </Note>
  );
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
