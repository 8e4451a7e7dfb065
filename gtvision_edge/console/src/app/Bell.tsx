import { text } from "../i18n";
import { feedLink, pendingAlerts, urgentAlerts } from "../state/alerts";
import { hashOf } from "../state/route";
import { Icon } from "../ui/Icon";

/** In every room: how many alerts nobody saw to yet, and the way to them. Red only for those that somebody has to act on. */
export function Bell() {
  const t = text.value.plates;
  const urgent = urgentAlerts.value.length;
  const quiet = pendingAlerts.value.length - urgent;
  const isDown = feedLink.value === "down";
  const bell = text.value.alerting.bell(urgent, quiet);
  const words = isDown ? `${bell} · ${t.now.down}` : bell;
  return (
    <a class={`bell${urgent > 0 ? " ringing" : ""}${isDown ? " old" : ""}`} href={hashOf("plates", "alerts")} title={words}>
      <span class="hidden-words">{words}</span>
      <Icon name="bell" size={20} />
      <Count count={urgent > 0 ? urgent : quiet} isQuiet={urgent === 0} />
      {isDown && urgent + quiet === 0 && <b aria-hidden="true">?</b>}
    </a>
  );
}

function Count({ count, isQuiet }: { count: number; isQuiet: boolean }) {
  if (count === 0) return null;
  return (
    <b class={isQuiet ? "quiet" : ""} aria-hidden="true">
      {count > 99 ? "99+" : count}
    </b>
  );
}
