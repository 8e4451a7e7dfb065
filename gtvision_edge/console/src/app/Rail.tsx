import type { Role } from "../api/types";
import { text } from "../i18n";
import { feedLink, pendingAlerts } from "../state/alerts";
import { may } from "../state/permissions";
import { hashOf, route } from "../state/route";
import { me } from "../state/session";
import { cameras, camerasOldSince, status, statusOldSince } from "../state/site";
import { storageReport } from "../state/storage";
import { grouped, problemsOf } from "../rooms/health/problems";
import { inHand } from "../rooms/live/store";
import { Icon } from "../ui/Icon";

export type RoomName = "live" | "investigate" | "plates" | "evidence" | "cameras" | "health" | "settings";

export function roomsFor(role: Role | undefined): RoomName[] {
  const rooms: RoomName[] = [];
  if (may(role, "watch")) rooms.push("live", "investigate");
  if (may(role, "seePlates")) rooms.push("plates");
  if (may(role, "seeEvidence")) rooms.push("evidence");
  if (may(role, "seeHealth")) rooms.push("health");
  if (may(role, "seeCameras")) rooms.push("cameras");
  rooms.push("settings");
  return rooms;
}

export function Rail() {
  const t = text.value;
  const rooms = roomsFor(me.value?.role);
  const current = route.value.room || rooms[0];
  return (
    <nav class="rail" aria-label={t.rooms.navigation}>
      {rooms.map((room) => (
        <>
          {room === (rooms.includes("cameras") ? "cameras" : "settings") && <span class="spring" />}
          <a key={room} href={wayTo(room, current)} aria-current={room === current ? "page" : undefined}>
            <Icon name={room} />
            {t.rooms[room]}
            {room === "health" && <HealthCount />}
            {room === "plates" && <AlertCount />}
          </a>
        </>
      ))}
    </nav>
  );
}

/** The camera in hand goes along from live to its recordings. */
function wayTo(room: RoomName, current: string | undefined): string {
  return room === "investigate" && current === "live" ? hashOf(room, null, { c: inHand.value }) : hashOf(room);
}

function AlertCount() {
  const waiting = pendingAlerts.value.length;
  if (waiting === 0) return null;
  return <b class={feedLink.value === "down" ? "old" : ""}>{waiting > 99 ? "99+" : waiting}</b>;
}

function HealthCount() {
  const problems = grouped(problemsOf(status.value, cameras.value, storageReport.value));
  if (problems.length === 0) return null;
  const tone = problems.some((problem) => problem.tone === "alarm") ? "" : "warn";
  const isOld = statusOldSince.value !== null || camerasOldSince.value !== null;
  return <b class={isOld ? "old" : tone}>{problems.length}</b>;
}
