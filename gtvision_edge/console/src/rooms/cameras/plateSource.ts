import type { PlateSource, PlateSourceBody } from "../../api/plates";

/** The settings as they are typed: lists a line each. */
export interface SourceDraft {
  pull: boolean;
  pictures: string;
  addresses: string;
  scale: PlateSource["confidence_scale"];
  zone: string;
  trust: PlateSource["least_trust"];
  directions: string;
}

export function draftOf(source: PlateSource): SourceDraft {
  return {
    pull: source.pull,
    pictures: source.picture_sources.join("\n"),
    addresses: source.addresses.join("\n"),
    scale: source.confidence_scale,
    zone: source.timezone ?? "",
    trust: source.least_trust,
    directions: Object.entries(source.directions)
      .map(([word, meaning]) => `${word} = ${meaning}`)
      .join("\n"),
  };
}

const linesOf = (words: string): string[] =>
  words
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** "palavra = significado" a line; a line without a meaning goes as it stands, for the daemon to name. */
function directionsOf(words: string): Record<string, string> {
  const pairs = linesOf(words).map((line): [string, string] => {
    const at = line.indexOf("=");
    return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

/** Only what was changed: who may not set a field need not send it. Empty = nothing was. */
export function changesOf(source: PlateSource, draft: SourceDraft): PlateSourceBody {
  const before = draftOf(source);
  return {
    ...(draft.pull !== before.pull && { pull: draft.pull }),
    ...(draft.pictures.trim() !== before.pictures && { picture_sources: linesOf(draft.pictures) }),
    ...(draft.addresses.trim() !== before.addresses && { addresses: linesOf(draft.addresses) }),
    ...(draft.scale !== before.scale && { confidence_scale: draft.scale }),
    ...(draft.zone.trim() !== before.zone && { timezone: draft.zone.trim() || null }),
    ...(draft.trust !== before.trust && { least_trust: draft.trust }),
    ...(draft.directions.trim() !== before.directions && { directions: directionsOf(draft.directions) }),
  };
}
