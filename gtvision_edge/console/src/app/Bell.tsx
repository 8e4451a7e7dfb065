import { text } from "../i18n";
import { feedLink, pendingAlerts } from "../state/alerts";
import { hashOf } from "../state/route";
import { Icon } from "../ui/Icon";

/** In every room: how many alerts nobody saw to yet, and the way to them. */
export function Bell() {
  const t = text.value.plates;
  const waiting = pendingAlerts.value.length;
  const isDown = feedLink.value === "down";
  const words = isDown ? `${t.alerts.bell(waiting)} · ${t.now.down}` : t.alerts.bell(waiting);
  return (
    <a class={`bell${waiting > 0 ? " ringing" : ""}${isDown ? " old" : ""}`} href={hashOf("plates", "alerts")} title={words}>
      <span class="hidden-words">{words}</span>
      <Icon name="bell" size={20} />
      {waiting > 0 && <b aria-hidden="true">{waiting > 99 ? "99+" : waiting}</b>}
      {isDown && waiting === 0 && <b aria-hidden="true">?</b>}
    </a>
  );
}
