import { text } from "../../../i18n";
import { may } from "../../../state/permissions";
import { hashOf } from "../../../state/route";
import { me } from "../../../state/session";
import { refreshSite, status, statusOldSince } from "../../../state/site";
import { OldData, Unread } from "../../../ui/fresh";
import { Empty, Skeleton } from "../../../ui/parts";
import { GivenUp } from "./GivenUp";
import { HubCard } from "./HubCard";
import { Refused } from "./Refused";

/** The line to the hub on a page of its own, with what it refused and what was given up. */
export function HubPage() {
  const t = text.value;
  const known = status.value;
  const line = known?.uplink ?? null;
  const role = me.value?.role;
  const isOfSite = me.value?.tenant_id === null && me.value.camera_ids === null;
  return (
    <>
      <div class="room-bar">
        <a class="btn ghost" href={hashOf("health")}>
          ← {t.health.title}
        </a>
        <h1>{t.hub.title}</h1>
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
            <div class={statusOldSince.value === null ? "" : "old"}>
              <HubCard line={line} findings={known.findings ?? []} isPage />
            </div>
            {isOfSite && may(role, "seeToRefusedMessages") && <Refused count={line.parked} />}
            {isOfSite && may(role, "seeGivenUp") && <GivenUp />}
          </div>
        )}
      </div>
    </>
  );
}
