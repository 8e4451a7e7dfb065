import type { ArchiveStatus } from "../../../api/lines";
import type { Finding } from "../../../api/types";
import { text } from "../../../i18n";
import { bytesOf } from "../../../i18n/format";
import { hashOf } from "../../../state/route";
import { LineCard, Oldest } from "../lines/LineCard";
import { toneOf } from "../lines/tone";
import { isDown, pendingIn } from "./pending";

export const ARCHIVE_PAGE = hashOf("health", "archive");

/** Copies in the object store: how it is, what is still to be done there, and what failed. */
export function ArchiveCard({ line, findings, isPage = false }: { line: ArchiveStatus; findings: readonly Finding[]; isPage?: boolean }) {
  const t = text.value.archive;
  const isOff = line.state === "off";
  const tone = toneOf(isDown(line), "archive_far_behind", findings);
  return (
    <LineCard name="archive" line={line} title={isPage ? text.value.lines.state : t.title} word={t.states[line.state]} tone={tone} page={isPage ? null : ARCHIVE_PAGE}>
      {isOff && <p class="muted">{t.offBody}</p>}
      {isOff && line.waiting + line.removing > 0 && <p>{t.offPending(line.waiting + line.removing)}</p>}
      {(!isOff || pendingIn(line) > 0) && <Figures line={line} />}
    </LineCard>
  );
}

function Figures({ line }: { line: ArchiveStatus }) {
  const t = text.value.archive;
  const { none, waiting } = text.value.lines;
  return (
    <dl class="facts">
      <dt>{waiting}</dt>
      <dd data-waiting>{line.waiting === 0 ? (line.state === "off" ? none : t.nothingWaits) : t.waits(line.waiting, bytesOf(line.waiting_bytes))}</dd>
      {line.removing > 0 && (
        <>
          <dt>{t.removing}</dt>
          <dd>{t.removes(line.removing)}</dd>
        </>
      )}
      <Oldest at={line.oldest} />
      <dt>{t.parked}</dt>
      <dd class={line.parked > 0 ? "word-warn" : "muted"} data-parked={line.parked}>
        {line.parked === 0 ? none : t.parkedCount(line.parked)}
      </dd>
      <dt>{t.copies}</dt>
      <dd>{line.copies === 0 ? none : t.copiesOf(line.copies, bytesOf(line.copied_bytes))}</dd>
      <dt>{t.givenUp}</dt>
      <dd class={line.given_up > 0 ? "" : "muted"}>{line.given_up === 0 ? none : t.givenUpCount(line.given_up)}</dd>
    </dl>
  );
}
