import type { ComponentChildren } from "preact";
import { text } from "../i18n";
import { ageOf } from "../i18n/format";
import { nowMs } from "../state/clock";
import { troubleWith } from "../state/link";
import { Button, ErrorNote } from "./parts";

/** "dados de 40 s atrás", while what a room shows may no longer be so. */
export function OldData({ since }: { since: number | null }) {
  if (since === null) return null;
  // Read for its tick.
  void nowMs.value;
  return <span class="word-warn">{text.value.common.oldData(ageOf(since, Date.now()))}</span>;
}

interface UnreadProps {
  /** What must be read before there is anything to show. */
  of: readonly string[];
  onRetry: () => void;
  /** Shown while it is being read. */
  children: ComponentChildren;
}

/** In place of a room's content: being read, or why it cannot be read, with a way to try again. */
export function Unread({ of, onRetry, children }: UnreadProps) {
  const trouble = of.map(troubleWith).find((each) => each !== null);
  if (!trouble) return <>{children}</>;
  return (
    <div class="pad unread">
      <ErrorNote error={trouble.error} action={<Button onClick={onRetry}>{text.value.common.retry}</Button>} />
    </div>
  );
}
