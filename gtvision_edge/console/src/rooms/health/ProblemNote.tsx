import type { ComponentChildren } from "preact";
import type { Camera } from "../../api/types";
import { text } from "../../i18n";
import { bytesOf, causeOf, numberOf, whenOf } from "../../i18n/format";
import { nowMs } from "../../state/clock";
import { may } from "../../state/permissions";
import { go, hashOf } from "../../state/route";
import { me } from "../../state/session";
import { cameras, status, zone } from "../../state/site";
import { Button, Note } from "../../ui/parts";
import { ARCHIVE_PAGE } from "./archive/ArchiveCard";
import { HUB_PAGE } from "./hub/HubCard";
import type { CameraProblem, Group, Problem } from "./problems";
import { outlookWords, shortWords } from "./storage/StorageCard";

/** Where something can be done about a finding. */
function Way({ code, camera, affected }: { code: string; camera: Camera | undefined; affected: number }) {
  const t = text.value;
  if (camera !== undefined) return <Button onClick={() => go(hashOf("cameras", camera.camera_id))}>{t.health.openCamera}</Button>;
  if (status.value?.uplink && (code.startsWith("hub_") || code === "messages_parked")) return <Button onClick={() => go(HUB_PAGE)}>{t.lines.open}</Button>;
  if (status.value?.archive && code.startsWith("archive_")) return <Button onClick={() => go(ARCHIVE_PAGE)}>{t.lines.open}</Button>;
  return <Affected count={affected} />;
}

/** A way to the cameras that one cause stops. */
function Affected({ count }: { count: number }) {
  if (count === 0 || !may(me.value?.role, "seeCameras")) return null;
  return <Button onClick={() => go(hashOf("cameras", null, { state: "online_not_recording" }))}>{text.value.health.openList}</Button>;
}

/** Many alike, told as one. */
export function GroupNote({ group }: { group: Group }) {
  const t = text.value.health;
  return (
    <Note
      tone={group.tone}
      title={group.of === "pull" ? t.manyPulls(group.count) : group.of === "path" ? t.manyPaths(group.count) : t.many(group.count, text.value.states[group.state])}
      action={
        may(me.value?.role, "seeCameras") && (
          <Button onClick={() => go(hashOf("cameras", null, { state: group.of === "pull" || group.of === "path" ? null : group.state }))}>{t.openList}</Button>
        )
      }
    >
      {t.manyBody}
    </Note>
  );
}

/** What is wrong, since when, and what to do about it. */
export function ProblemNote({ problem }: { problem: Problem }) {
  const t = text.value.health;
  if (problem.kind === "finding") {
    const { code, ...facts } = problem.finding;
    const camera = cameras.value?.find((each) => each.camera_id === facts.camera_id);
    const words = text.value.findings[code]?.({ ...facts, camera: camera?.name }) ?? text.value.volumes[code];
    return (
      <Note tone={problem.tone} title={words?.title ?? code} action={<Way code={code} camera={camera} affected={problem.affected} />}>
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
