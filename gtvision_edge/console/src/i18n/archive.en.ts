/** Copies in an object store: what somebody should mend, and what the audit log says of them. */

import type { Text } from "./pt-BR";

const count = (value: unknown): string => (typeof value === "number" ? value.toLocaleString("en") : "—");
/** The store's own word of why. */
const said = (reason: unknown): string => (typeof reason === "string" && reason !== "" && reason !== "unanswered" ? ` (${reason})` : "");

export const archiveFindings: Text["findings"] = {
  archive_unreachable: ({ reason }) => ({
    title: `The object store does not answer${said(reason)}: copies wait on this unit.`,
    cure: "Nothing is lost. Check the site's network and the address in [archive] of edge.toml; gtvision-edge archive status tries it.",
  }),
  archive_refused: ({ reason }) => ({
    title: `The object store refuses this unit${said(reason)}: copies wait here.`,
    cure: "Check bucket, key and the right to write in [archive] of edge.toml with whoever keeps it; gtvision-edge archive status tries it.",
  }),
  archive_far_behind: ({ waiting, removing }) => ({
    title: `Copies to the object store are far behind: ${count(waiting)} to make, ${count(removing)} to remove there.`,
    cure: "They go by themselves once it takes them. If the line is good, it is too slow for what is copied.",
  }),
  archive_parked: ({ parked }) => ({
    title: `${count(parked)} copies failed many times and are put aside.`,
    cure: "Others go on. gtvision-edge archive status says which and why; an administrator has them tried again or discards them.",
  }),
  archive_copies_given_up: ({ given_up }) => ({
    title: `Copies to the object store were given up, ${count(given_up)} to this day: they had waited too long or were too many.`,
    cure: "The originals keep to this unit's rules, and the audit log says how many they were and of when. The limits are keep and max_waiting, in [archive] of edge.toml.",
  }),
  archive_off_with_removals: ({ removing }) => ({
    title: `${count(removing)} copies should be removed from the object store, and it is switched off.`,
    cure: "They are pictures that are gone here. Switch [archive] on again until they are gone there, or discard what is pending if the bucket is no more.",
  }),
};

export const archiveActs: Text["acts"] = {
  "archive.store_changed": "began to keep copies in another place",
  "archive.copies_given_up": "gave up copies that had waited too long",
  "archive.copy_retried": "had a parked copy tried again",
  "archive.copy_discarded": "discarded a parked copy",
  "archive.retried": "had parked copies tried again",
  "archive.discarded": "discarded parked copies",
  "export.archived": "copied an evidence bundle to the object store",
  "export.archive_removed": "removed an evidence bundle's copy from the object store",
};
