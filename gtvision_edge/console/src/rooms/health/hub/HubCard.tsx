import type { UplinkStatus } from "../../../api/lines";
import type { Finding } from "../../../api/types";
import { text } from "../../../i18n";
import { bytesOf, numberOf, spanOf } from "../../../i18n/format";
import { hashOf } from "../../../state/route";
import { LineCard, Oldest } from "../lines/LineCard";
import { lineTone, secondsLeft } from "./line";

export const HUB_PAGE = hashOf("health", "hub");

/** The line to the hub: how it is, what waits, and what was refused or never arrived. */
export function HubCard({ line, findings, isPage = false }: { line: UplinkStatus; findings: readonly Finding[]; isPage?: boolean }) {
  const t = text.value.hub;
  const isOff = line.state === "off";
  const hasMore = !isOff || line.waiting + line.parked + line.dropped > 0;
  return (
    <LineCard name="hub" line={line} title={isPage ? t.state : t.title} word={t.states[line.state]} tone={lineTone(line, findings)} page={isPage || !hasMore ? null : HUB_PAGE}>
      {isOff && <p class="muted">{t.offBody}</p>}
      {isOff && line.waiting > 0 && <p data-waiting>{t.offWaiting(line.waiting)}</p>}
      {(!isOff || line.waiting > 0) && <Figures line={line} />}
    </LineCard>
  );
}

function Figures({ line }: { line: UplinkStatus }) {
  const t = text.value.hub;
  const left = secondsLeft(line);
  return (
    <dl class="facts">
      {line.state !== "off" && (
        <>
          <dt>{text.value.lines.waiting}</dt>
          <dd data-waiting>
            {line.waiting === 0 ? t.nothingWaits : t.waits(line.waiting, bytesOf(line.waiting_bytes))}
          </dd>
        </>
      )}
      <Oldest at={line.oldest} />
      {line.state !== "off" && (
        <>
          <dt>{t.rate}</dt>
          <dd>
            {line.rate === 0 ? t.rest : t.rateOf(numberOf(line.rate, line.rate < 10 ? 1 : 0))}
            {left !== null && ` · ${t.left(spanOf(left))}`}
          </dd>
        </>
      )}
      {line.queues.length > 0 && (
        <>
          <dt>{t.queues}</dt>
          <dd>
            {line.queues.map(({ name, depth }) => (
              <span key={name} class="block">
                {t.queueOf(name, depth === null && line.state === "up" ? t.unknownDepth : numberOf(depth))}
              </span>
            ))}
          </dd>
        </>
      )}
      <dt>{t.parked}</dt>
      <dd class={line.parked > 0 ? "word-warn" : "muted"} data-parked={line.parked}>
        {line.parked === 0 ? text.value.lines.none : t.parkedCount(line.parked)}
      </dd>
      <dt>{t.dropped}</dt>
      <dd class={line.dropped > 0 ? "" : "muted"}>{line.dropped === 0 ? text.value.lines.none : t.droppedCount(line.dropped)}</dd>
    </dl>
  );
}
