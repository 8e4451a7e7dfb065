/** Copies in an object store: what somebody should mend, and what the audit log says of them. */

import type { Text } from "./pt-BR";

const count = (value: unknown): string => (typeof value === "number" ? value.toLocaleString("en") : "—");
/** The store's own word of why. */
const said = (reason: unknown): string => (typeof reason === "string" && reason !== "" && reason !== "unanswered" ? ` (${reason})` : "");
const REGION = "The bucket is of another region: check region in [archive] of edge.toml.";
/** What to do, by the reason that is known. */
const cures: Record<string, string> = {
  RequestTimeTooSkewed: "The clocks of this unit and of the store differ by more than 15 minutes. Set this unit's time and its synchronisation (NTP).",
  SignatureDoesNotMatch: "The secret is not that of access_key: check both in [archive] of edge.toml.",
  InvalidAccessKeyId: "It knows no such access_key: check it in [archive] of edge.toml.",
  AccessDenied: "The key needs s3:PutObject and s3:DeleteObject below prefix: ask whoever keeps it.",
  NoSuchBucket: "There is no such bucket, and this unit makes none: check the name in [archive] of edge.toml.",
  AuthorizationHeaderMalformed: REGION,
  region: REGION,
  certificate: "No authority that this unit trusts vouches for its certificate. Check ca_file and the name in endpoint, in [archive] of edge.toml, and this unit's clock.",
  no_authorities: "This unit trusts no certificate at all: install the package ca-certificates, or name the store's authority as ca_file in [archive] of edge.toml.",
  secret_unreadable: "The file in secret_key_file, in [archive] of edge.toml, cannot be read.",
  ca_unreadable: "The file in ca_file, in [archive] of edge.toml, cannot be read or holds no certificates (PEM).",
};
const cureOf = (reason: unknown, otherwise: string): string => (typeof reason === "string" && Object.hasOwn(cures, reason) ? cures[reason] : undefined) ?? otherwise;

const copies = (n: number): string => `${n.toLocaleString("en")} ${n === 1 ? "copy" : "copies"}`;
const pending = (n: number): string => `${n.toLocaleString("en")} ${n === 1 ? "item" : "items"}`;

export const archive: Text["archive"] = {
  title: "Object store",
  states: { off: "switched off", unknown: "not tried yet", up: "takes copies", unreachable: "does not answer", refused: "refuses this unit" },
  offBody: "Nothing is copied off this unit. Once there is a bucket in [archive] of edge.toml, what happens from then on is copied.",
  offPending: (n) => `${pending(n)} from when it was on ${n === 1 ? "waits and goes" : "wait and go"} on if it is switched on again.`,
  nothingWaits: "nothing: all copied",
  waits: (n, size) => `${copies(n)} to make, ${size}`,
  removing: "To remove there",
  removes: (n) => copies(n),
  parked: "Put aside",
  parkedCount: pending,
  copies: "Kept there",
  copiesOf: (n, size) => `${copies(n)}, ${size}`,
  givenUp: "Never done",
  givenUpCount: (n) => `${pending(n)} since this unit was set up`,
  refusedTitle: "Copies that failed",
  refusedBody: "They failed many times and are put aside; others go on.",
  refusedNone: "No copy is put aside.",
  refusedNoneBody: "What fails ten times, or loses its file, appears here, to be tried again or given up.",
  what: "What",
  acts: {
    copy: { picture: "copy a reading's picture", evidence: "copy an evidence bundle" },
    remove: { picture: "remove a reading's picture there", evidence: "remove an evidence bundle there" },
  },
  size: "Size",
  queued: "When",
  reasons: {
    file_gone: "the file is no longer on this unit",
    file_changed: "the file changed after it was made",
    internal: "an error of this unit, noted in its log",
    unanswered: "no answer",
    AccessDenied: "not permitted there (AccessDenied)",
    InvalidObjectState: "the object's state there does not allow it (InvalidObjectState)",
    EntityTooLarge: "too large for it (EntityTooLarge)",
  },
  saidByStore: (reason) => `it answered ${reason}`,
  retried: "It will be tried again.",
  retriedAll: (n) => `${pending(n)} will be tried again.`,
  discardTitle: "Give this up?",
  discardAllTitle: (n) => `Give up ${pending(n)}?`,
  discardCopy: "The copy is never made. The original keeps to this unit's rules.",
  discardRemoval: "The copy stays in the object store, though it is gone here. If it is personal data, whoever keeps the store has to delete it there.",
  discardAllBody: "What was to be copied never is, and what was to be removed stays there; if it is personal data, whoever keeps the store has to delete it. This goes for what fails until you confirm, too.",
  discardAllOff: "It is switched off: this goes for all that waits, not only for what failed. What was to be copied never is, and what was to be removed stays there; if it is personal data, whoever keeps the store has to delete it.",
  discarded: (n) => `${pending(n)} given up.`,
};

export const archiveFindings: Text["findings"] = {
  archive_unreachable: ({ reason }) => ({
    title: `The object store does not answer${said(reason)}: copies wait on this unit.`,
    cure: `Nothing is lost. ${cureOf(reason, "Check the site's network and the address in [archive] of edge.toml.")} gtvision-edge archive status tries it.`,
  }),
  archive_refused: ({ reason }) => ({
    title: `The object store refuses this unit${said(reason)}: copies wait here.`,
    cure: `${cureOf(reason, "Check bucket, key and the right to write in [archive] of edge.toml with whoever keeps it.")} gtvision-edge archive status tries it.`,
  }),
  archive_far_behind: ({ waiting, removing }) => ({
    title: `Copies to the object store are far behind: ${count(waiting)} to make, ${count(removing)} to remove there.`,
    cure: "They go by themselves once it takes them. If the line is good, it is too slow for what is copied.",
  }),
  archive_parked: ({ parked }) => ({
    title: `${count(parked)} copies failed many times and are put aside.`,
    cure: "Others go on. The page of the object store says which and why; an administrator has them tried again or gives them up.",
  }),
  archive_copies_given_up: ({ given_up }) => ({
    title: `Copies to the object store were given up, ${count(given_up)} to this day: they had waited too long or were too many.`,
    cure: "The originals keep to this unit's rules, and the audit log says how many they were and of when. The limits are keep and max_waiting, in [archive] of edge.toml.",
  }),
  archive_off_with_removals: ({ removing }) => ({
    title: `${count(removing)} copies should be removed from the object store, and it is switched off.`,
    cure: "They are pictures that are gone here. Switch [archive] on again until they are gone there, or give up what is pending if the bucket is no more.",
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
