import type { SiteStatus } from "../api/types";
import { text } from "../i18n";
import { dateTimeOf } from "../i18n/format";
import { nowMs } from "../state/clock";
import { hashOf } from "../state/route";
import { me } from "../state/session";
import { status, zone } from "../state/site";
import { Icon } from "../ui/Icon";
import { Pill } from "../ui/parts";

export function TopBar() {
  const t = text.value;
  const site = status.value?.site;
  return (
    <header class="top">
      <span class="brand">
        GT-Vision<small>{site?.name ?? ""}</small>
      </span>
      <SiteState status={status.value} />
      <span class="grow" />
      <span class="hub muted">{t.top.hubUnknown}</span>
      {site && <Clock />}
      {me.value?.must_change_password && (
        <a class="pill warn" href={hashOf("settings")} style={{ textDecoration: "none" }}>
          {text.value.password.provisional}
        </a>
      )}
      <a class="pill account" href={hashOf("settings")} aria-label={t.top.account} style={{ textDecoration: "none" }}>
        <Icon name="user" size={16} />
        <span class="who">
          {me.value?.name || me.value?.username} · {me.value ? t.settings.roles[me.value.role] : ""}
        </span>
      </a>
    </header>
  );
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

/** The whole site in one sentence; only what is abnormal gets a colour. */
function SiteState({ status: known }: { status: SiteStatus | null }) {
  const t = text.value.top;
  if (known === null) return <Pill>{t.unknown}</Pill>;
  const { total, recording, offline, unauthorized, online_not_recording: idle } = known.cameras;
  return (
    <span class="pills" role="status">
      {known.media_server?.state === "down" && <Pill tone="alarm">{t.mediaDown}</Pill>}
      <Pill>
        {total === 0 ? t.noCameras : recording === total ? t.allRecording(total) : t.recording(recording, total)}
      </Pill>
      {offline > 0 && <Pill tone="alarm">{t.offline(offline)}</Pill>}
      {unauthorized > 0 && <Pill tone="alarm">{t.unauthorized(unauthorized)}</Pill>}
      {idle > 0 && <Pill tone="warn">{t.notRecording(idle)}</Pill>}
    </span>
  );
}
