import { text } from "../i18n";
import { timeOf } from "../i18n/format";
import { nowMs, siteClock } from "../state/clock";
import { oldestTrouble, silentSince } from "../state/link";
import { refreshSite, zone } from "../state/site";
import { Icon } from "../ui/Icon";
import { Button, explain } from "../ui/parts";

/** One lost answer is no news. */
const PATIENCE_MS = 2_500;

/** In every room: nobody answers, or the answers are errors. */
export function LinkBanner() {
  const t = text.value.top;
  const silent = silentSince.value;
  const trouble = oldestTrouble.value;
  const since = silent ?? trouble?.since ?? null;
  if (since === null) return null;
  const sinceOnSite = since + siteClock.offsetMs;
  if (nowMs.value - sinceOnSite < PATIENCE_MS) return null;
  const time = timeOf(sinceOnSite, zone.value);
  const { code } = trouble === null ? { code: null } : explain(trouble.error);
  return (
    <div class="banner" role="alert">
      <Icon name="warning" size={18} />
      <span class="grow">
        <b>{silent !== null ? t.linkDown(time) : t.wrongAnswers(time)}</b> {t.linkStale}
        {code && ` (${text.value.common.code(code)})`}
      </span>
      {silent === null && <Button onClick={() => void refreshSite()}>{text.value.common.retry}</Button>}
    </div>
  );
}
