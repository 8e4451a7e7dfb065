import type { GivenUp as Record_ } from "../../../api/hub";
import { text } from "../../../i18n";
import { bytesOf, dateTimeOf, numberOf, rangeOf, spanOf } from "../../../i18n/format";
import { zone } from "../../../state/site";
import { Button, ErrorNote, Skeleton } from "../../../ui/parts";
import { usePages } from "../../evidence/pages";

/** What the bounds of the outbox took before the hub had it, newest first. */
export function GivenUp() {
  const t = text.value.hub;
  const pages = usePages<Record_>("/uplink/purges?limit=20", (each) => each.purge_id);
  return (
    <section class="card" data-given-up={pages.items?.length ?? 0}>
      <h2>{t.givenUpTitle}</h2>
      <ErrorNote error={pages.error} action={<Button onClick={() => void pages.reload()}>{text.value.common.retry}</Button>} />
      {pages.items === null && pages.error === null && <Skeleton rows={2} />}
      <p class="muted">
        {pages.items?.length === 0 && t.givenUpNone} {t.givenUpBody}
      </p>
      {pages.items !== null && pages.items.length > 0 && (
        <table class="cards">
          <thead>
            <tr>
              <th>{t.givenUpWhen}</th>
              <th>{t.givenUpWhat}</th>
              <th>{t.givenUpSpan}</th>
              <th>{t.givenUpWhy}</th>
            </tr>
          </thead>
          <tbody>
            {pages.items.map((record) => (
              <tr key={record.purge_id}>
                <td class="mono">{dateTimeOf(record.at, zone.value)}</td>
                <td>{kindsOf(record)}</td>
                <td class="mono muted">{rangeOf(record.first_accepted_at, record.last_accepted_at, zone.value)}</td>
                <td>{record.reason === "age" ? t.bounds.age(spanOf(record.bound)) : t.bounds.bytes(bytesOf(record.bound))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {pages.next !== null && (
        <div>
          <Button onClick={pages.more}>{text.value.lines.more}</Button>
        </div>
      )}
    </section>
  );
}

function kindsOf(record: Record_): string {
  const words = text.value.hub.kinds;
  return Object.entries(record.kinds)
    .map(([kind, count]) => `${numberOf(count)} × ${words[kind] ?? kind}`)
    .join(", ");
}
