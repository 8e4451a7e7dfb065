import type { UplinkStatus } from "../../../api/lines";
import type { Finding } from "../../../api/types";
import { text } from "../../../i18n";
import { ageOf, bytesOf, numberOf, spanOf, whenOf } from "../../../i18n/format";
import { nowMs } from "../../../state/clock";
import { hashOf } from "../../../state/route";
import { zone } from "../../../state/site";
import { Pill } from "../../../ui/parts";
import { lineTone, secondsLeft } from "./line";

export const HUB_PAGE = hashOf("health", "hub");

/** The line to the hub: how it is, what waits, and what was refused or never arrived. */
export function HubCard({ line, findings, isPage = false }: { line: UplinkStatus; findings: readonly Finding[]; isPage?: boolean }) {
  const t = text.value.hub;
  const isOff = line.state === "off";
  return (
    <section class="card hub-card" data-hub={line.state}>
      <header class="card-head">
        <h2>{isPage ? t.state : t.title}</h2>
        <Pill tone={lineTone(line, findings)}>{t.states[line.state]}</Pill>
        {!isOff && <span class="muted">{text.value.common.since(whenOf(line.since, nowMs.value, zone.value))}</span>}
      </header>
      {isOff && <p class="muted">{t.offBody}</p>}
      {isOff && line.waiting > 0 && <p data-waiting>{t.offWaiting(line.waiting)}</p>}
      {(!isOff || line.waiting > 0) && <Figures line={line} />}
      {!isPage && (!isOff || line.waiting + line.parked + line.dropped > 0) && (
        <div>
          <a class="btn" href={HUB_PAGE}>
            {t.open}
          </a>
        </div>
      )}
    </section>
  );
}

function Figures({ line }: { line: UplinkStatus }) {
  const t = text.value.hub;
  const left = secondsLeft(line);
  return (
    <dl class="facts">
      {line.state !== "off" && (
        <>
          <dt>{t.waiting}</dt>
          <dd data-waiting>
            {line.waiting === 0 ? t.nothingWaits : t.waits(line.waiting, bytesOf(line.waiting_bytes))}
          </dd>
        </>
      )}
      {line.oldest !== null && (
        <>
          <dt>{t.oldest}</dt>
          <dd>{t.oldestAt(ageOf(line.oldest, nowMs.value), whenOf(line.oldest, nowMs.value, zone.value))}</dd>
        </>
      )}
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
        {line.parked === 0 ? t.none : t.parkedCount(line.parked)}
      </dd>
      <dt>{t.dropped}</dt>
      <dd class={line.dropped > 0 ? "" : "muted"}>{line.dropped === 0 ? t.none : t.droppedCount(line.dropped)}</dd>
    </dl>
  );
}
