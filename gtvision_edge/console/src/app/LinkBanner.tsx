import { text } from "../i18n";
import { timeOf } from "../i18n/format";
import { nowMs, siteClock } from "../state/clock";
import { silentSince } from "../state/link";
import { zone } from "../state/site";
import { Icon } from "../ui/Icon";

/** One lost answer is no news. */
const PATIENCE_MS = 2_500;

export function LinkBanner() {
  const since = silentSince.value;
  if (since === null) return null;
  const sinceOnSite = since + siteClock.offsetMs;
  if (nowMs.value - sinceOnSite < PATIENCE_MS) return null;
  const t = text.value.top;
  return (
    <div class="banner" role="alert">
      <Icon name="warning" size={18} />
      <span>
        <b>{t.linkDown(timeOf(sinceOnSite, zone.value))}</b> {t.linkStale}
      </span>
    </div>
  );
}
