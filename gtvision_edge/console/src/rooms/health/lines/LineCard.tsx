import type { ComponentChildren } from "preact";
import { text } from "../../../i18n";
import { ageOf, whenOf } from "../../../i18n/format";
import { nowMs } from "../../../state/clock";
import { zone } from "../../../state/site";
import { Pill } from "../../../ui/parts";
import type { LineTone } from "./tone";

interface LineCardProps {
  /** Of `/status`. */
  line: { state: string; since: string };
  title: string;
  /** What the state is called. */
  word: string;
  tone: LineTone;
  /** Where there is more about it; null on that page itself, and where there is nothing to see. */
  page: string | null;
  children: ComponentChildren;
  /** Names the line for tests: `data-line`. */
  name: "hub" | "archive";
}

/** A line that leads out of the site: how it is, since when, and its figures. */
export function LineCard({ line, title, word, tone, page, children, name }: LineCardProps) {
  return (
    <section class="card line-card" data-line={name} data-state={line.state}>
      <header class="card-head">
        <h2>{title}</h2>
        <Pill tone={tone}>{word}</Pill>
        {line.state !== "off" && <span class="muted">{text.value.common.since(whenOf(line.since, nowMs.value, zone.value))}</span>}
      </header>
      {children}
      {page !== null && (
        <div>
          <a class="btn" href={page}>
            {text.value.lines.open}
          </a>
        </div>
      )}
    </section>
  );
}

/** Since when the oldest thing waits; nothing where none does. */
export function Oldest({ at }: { at: string | null }) {
  const t = text.value.lines;
  if (at === null) return null;
  return (
    <>
      <dt>{t.oldest}</dt>
      <dd>{t.oldestAt(ageOf(at, nowMs.value), whenOf(at, nowMs.value, zone.value))}</dd>
    </>
  );
}
