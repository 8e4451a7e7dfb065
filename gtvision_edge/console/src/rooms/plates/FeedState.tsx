import { text } from "../../i18n";
import { feedLink, feedTrouble } from "../../state/alerts";
import { explain, Note } from "../../ui/parts";

/** Nothing while readings come as they should; else what is the matter, and that it is being mended. */
export function FeedState() {
  const t = text.value.plates.now;
  const link = feedLink.value;
  if (link === "live" || link === "connecting") return null;
  const trouble = feedTrouble.value;
  const code = typeof trouble === "number" ? String(trouble) : trouble === null ? null : explain(trouble).code;
  return (
    <Note>
      {link === "down" ? t.down : t.polling} {code !== null && <span class="code">{t.linkCode(code)}</span>}
    </Note>
  );
}
