import type { Alert } from "../../api/plates";
import { text } from "../../i18n";
import { takeBack } from "../../state/alerts";
import { say } from "../../state/toasts";
import { explain } from "../../ui/parts";

/** What "Desfazer" does after *done* were acknowledged here: they wait again, and *onBack* hears of them. */
export function undoOf(done: readonly Alert[], onBack?: (alert: Alert) => void): () => void {
  return () => {
    takeBack(done).then(
      (back) => {
        say(text.value.alerting.takenBack(back.length));
        back.forEach((alert) => onBack?.(alert));
      },
      (failure: unknown) => say(explain(failure).title, { tone: "alarm" }),
    );
  };
}
