import { text } from "../../../i18n";
import { may } from "../../../state/permissions";
import { me } from "../../../state/session";
import { LinePage } from "../lines/LinePage";
import { ArchiveCard } from "./ArchiveCard";
import { FailedCopies } from "./FailedCopies";

/** The object store on a page of its own, with the copies that failed. */
export function ArchivePage() {
  const isOfSite = me.value?.tenant_id === null && me.value.camera_ids === null;
  return (
    <LinePage
      title={text.value.archive.title}
      lineOf={(known) => known.archive ?? null}
      card={(line, known) => <ArchiveCard line={line} findings={known.findings ?? []} isPage />}
    >
      {(line) => isOfSite && may(me.value?.role, "seeToFailedCopies") && <FailedCopies line={line} />}
    </LinePage>
  );
}
