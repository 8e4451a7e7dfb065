import type { ComponentChildren } from "preact";
import type { SiteStatus } from "../../../api/types";
import { text } from "../../../i18n";
import { hashOf } from "../../../state/route";
import { refreshSite, status, statusOldSince } from "../../../state/site";
import { OldData, Unread } from "../../../ui/fresh";
import { Empty, Skeleton } from "../../../ui/parts";

interface LinePageProps<L> {
  title: string;
  /** What the status says of the line; null = it is not for this person. */
  lineOf: (known: SiteStatus) => L | null;
  card: (line: L, known: SiteStatus) => ComponentChildren;
  children: (line: L) => ComponentChildren;
}

/** A line that leads out of the site on a page of its own. */
export function LinePage<L>({ title, lineOf, card, children }: LinePageProps<L>) {
  const t = text.value;
  const known = status.value;
  const line = known === null ? null : lineOf(known);
  return (
    <>
      <div class="room-bar">
        <a class="btn ghost" href={hashOf("health")}>
          ← {t.health.title}
        </a>
        <h1>{title}</h1>
        <OldData since={statusOldSince.value} />
      </div>
      <div class="room-body pad health" tabIndex={0}>
        {known === null ? (
          <Unread of={["status"]} onRetry={() => void refreshSite()}>
            <Skeleton rows={3} height={72} />
          </Unread>
        ) : line === null ? (
          <Empty title={t.errors.notPermitted}>{t.errors.notPermittedHint}</Empty>
        ) : (
          <div class="health">
            <div class={statusOldSince.value === null ? "" : "old"}>{card(line, known)}</div>
            {children(line)}
          </div>
        )}
      </div>
    </>
  );
}
