import type { ProbeReport } from "../../api/types";
import { text } from "../../i18n";
import { numberOf } from "../../i18n/format";
import { Note, Pill } from "../../ui/parts";
import { WarningNotes } from "./WarningNotes";
import { profileWords } from "./words";

/** What the camera really sends: its picture, its streams, and what should be changed in it. */
export function CheckReport({ report }: { report: ProbeReport }) {
  const t = text.value.wizard;
  const words = text.value.cameras;
  return (
    <>
      <div class="check-picture">
        {report.snapshot ? <img src={report.snapshot} alt="" /> : <span class="muted">{t.noSnapshot}</span>}
        <Pill>{t.firstPicture(numberOf(report.elapsed_s, 1))}</Pill>
      </div>
      <dl class="facts">
        {report.device && (
          <>
            <dt>{words.device}</dt>
            <dd>{[report.device.manufacturer, report.device.model, report.device.firmware].filter((word) => word !== "").join(" · ") || text.value.common.unknown}</dd>
          </>
        )}
        <dt>{words.main}</dt>
        <dd>{profileWords(report.main)}</dd>
        <dt>{words.sub}</dt>
        <dd>{report.sub ? profileWords(report.sub) : words.noSub}</dd>
        <dt>{t.clock}</dt>
        <dd>{clockWords(report.clock_offset_s)}</dd>
      </dl>
      {report.warnings.length === 0 ? <Note tone="plain">{t.fine}</Note> : <WarningNotes warnings={report.warnings} />}
    </>
  );
}

function clockWords(offsetS: number | null): string {
  const t = text.value.wizard;
  if (offsetS === null) return text.value.common.unknown;
  const seconds = Math.round(Math.abs(offsetS));
  if (seconds < 2) return t.clockRight;
  return offsetS > 0 ? t.clockAhead(seconds) : t.clockBehind(seconds);
}
