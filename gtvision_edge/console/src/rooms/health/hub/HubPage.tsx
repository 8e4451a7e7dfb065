import { text } from "../../../i18n";
import { may } from "../../../state/permissions";
import { me } from "../../../state/session";
import { LinePage } from "../lines/LinePage";
import { GivenUp } from "./GivenUp";
import { HubCard } from "./HubCard";
import { Refused } from "./Refused";

/** The line to the hub on a page of its own, with what it refused and what was given up. */
export function HubPage() {
  const role = me.value?.role;
  const isOfSite = me.value?.tenant_id === null && me.value.camera_ids === null;
  return (
    <LinePage title={text.value.hub.title} lineOf={(known) => known.uplink} card={(line, known) => <HubCard line={line} findings={known.findings ?? []} isPage />}>
      {(line) => (
        <>
          {isOfSite && may(role, "seeToRefusedMessages") && <Refused count={line.parked} />}
          {isOfSite && may(role, "seeGivenUp") && <GivenUp />}
        </>
      )}
    </LinePage>
  );
}
