import type { UplinkStatus } from "../api/lines";
import type { Finding, SiteStatus } from "../api/types";
import { text } from "../i18n";
import { ageOf, dateTimeOf, mediaWord } from "../i18n/format";
import { nowMs } from "../state/clock";
import { hashOf } from "../state/route";
import { may } from "../state/permissions";
import { me } from "../state/session";
import { cameras, recordingOf, status, statusOldSince, zone } from "../state/site";
import { storageReport } from "../state/storage";
import { HUB_PAGE } from "../rooms/health/hub/HubCard";
import { lineTone, lineWord } from "../rooms/health/hub/line";
import { diskToneOf, problemsOf } from "../rooms/health/problems";
import { Icon } from "../ui/Icon";
import { Pill } from "../ui/parts";
import { AlertBanner } from "./AlertBanner";
import { Bell } from "./Bell";

/** A site that nobody named yet bears the product's own name; said once is enough. */
const BRAND = "GT-Vision";

export function TopBar() {
  const t = text.value;
  const site = status.value?.site;
  return (
    <header class="top">
      <div class="top-lead">
        <span class="brand">
          GT-Vision<small>{site === undefined || site.name.startsWith(BRAND) ? "" : site.name}</small>
        </span>
        <SiteState status={status.value} />
        {may(me.value?.role, "seePlates") && <AlertBanner />}
      </div>
      {may(me.value?.role, "seePlates") && <Bell />}
      {site && <Clock />}
      <a class="pill account" href={hashOf("settings")} title={t.top.account} style={{ textDecoration: "none" }}>
        <span class="hidden-words">{t.top.account}</span>
        <Icon name="user" size={16} />
        <span class="who">
          {accountWords()}
        </span>
      </a>
    </header>
  );
}

/** Name and role, each said once: the first account is called as its role. */
function accountWords(): string {
  const user = me.value;
  if (user === null) return "";
  const name = user.name || user.username;
  const role = text.value.settings.roles[user.role];
  return name.toLowerCase() === role.toLowerCase() ? name : `${name} · ${role}`;
}

/** The site's clock in the site's zone; a component of its own, so that each second writes only this. */
function Clock() {
  const [date, time] = dateTimeOf(nowMs.value, zone.value).split(" ");
  return (
    <time class="clock">
      <span class="date">{date} </span>
      {time}
    </time>
  );
}

/** What the disk needs, said in full in the health room. */
function DiskState() {
  const tone = diskToneOf(problemsOf(status.value, cameras.value, storageReport.value));
  return tone === null ? null : <Pill tone={tone}>{text.value.top.disk}</Pill>;
}

/** The line to the hub; on a phone only where something is wrong with it. */
function HubState({ line, findings }: { line: UplinkStatus | null; findings: readonly Finding[] }) {
  const t = text.value.hub;
  const word = line === null ? null : lineWord(line);
  if (line === null || word === null) return null;
  const tone = lineTone(line, findings);
  return (
    <a class={`pill ${tone}${tone === "plain" ? " desk-only" : ""}`} href={HUB_PAGE} style={{ textDecoration: "none" }} data-hub={line.state}>
      <span class="desk-only">{"waiting" in word ? t.shortWaiting(word.waiting) : t.short[word.state]}</span>
      {/* The cameras come first where there is little room. */}
      <span class="phone-only">{t.shortest}</span>
    </a>
  );
}

/** The whole site in one sentence; only what is abnormal gets a colour. */
function SiteState({ status: known }: { status: SiteStatus | null }) {
  const t = text.value.top;
  if (known === null) return <Pill>{t.unknown}</Pill>;
  const { total, offline, unauthorized, online_not_recording: idle } = known.cameras;
  const recording = recordingOf(known);
  const oldSince = statusOldSince.value;
  if (oldSince !== null) {
    // Read for its tick.
    void nowMs.value;
    // Nothing that was heard before is said as if it were so now.
    return (
      <span class="pills">
        <Pill tone="warn">{t.noNews(ageOf(oldSince, Date.now()))}</Pill>
        <span class="pill old">{t.before(t.recording(recording, total))}</span>
      </span>
    );
  }
  return (
    <span class="pills" role="status">
      {known.media_server?.state === "down" && <Pill tone="alarm">{t.media(mediaWord(known.media_server))}</Pill>}
      <Pill>
        {total === 0 ? (
          t.noCameras
        ) : recording === total ? (
          t.allRecording(total)
        ) : (
          <>
            <span class="desk-only">{t.recording(recording, total)}</span>
            <span class="phone-only">{t.recordingShort(recording, total)}</span>
          </>
        )}
      </Pill>
      {offline > 0 && <Pill tone="alarm">{t.offline(offline)}</Pill>}
      {unauthorized > 0 && <Pill tone="alarm">{t.unauthorized(unauthorized)}</Pill>}
      {idle > 0 && recording !== null && <Pill tone="warn">{t.notRecording(idle)}</Pill>}
      <DiskState />
      <HubState line={known.uplink} findings={known.findings ?? []} />
    </span>
  );
}
