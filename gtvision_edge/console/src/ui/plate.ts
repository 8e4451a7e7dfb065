/** Brazilian plates as they are drawn. The same rules as the daemon's; nothing here ever corrects a reading. */

export type PlateForm = "mercosul" | "old" | "other";

const OLD = /^[A-Z]{3}[0-9]{4}$/;
const MERCOSUL = /^[A-Z]{3}[0-9][A-Z][0-9]{2}$/;
const DIGITS = "ABCDEFGHIJ";

export function formOf(plate: string): PlateForm {
  return OLD.test(plate) ? "old" : MERCOSUL.test(plate) ? "mercosul" : "other";
}

/** The other form of the same vehicle (ABC1234, ABC1C34); null where there is none. */
export function twinOf(plate: string): string | null {
  if (formOf(plate) === "other") return null;
  const fifth = plate.charAt(4);
  const letter = DIGITS.indexOf(fifth);
  if (letter >= 0) return plate.slice(0, 4) + String(letter) + plate.slice(5);
  return /[0-9]/.test(fifth) ? plate.slice(0, 4) + DIGITS.charAt(Number(fifth)) + plate.slice(5) : null;
}

/** What both forms of one vehicle share. */
export function vehicleOf(plate: string): string {
  return formOf(plate) === "mercosul" ? (twinOf(plate) ?? plate) : plate;
}

/** As people write it: ABC-1234, and the Mercosul form without a mark. */
export function written(plate: string): string {
  return formOf(plate) === "old" ? `${plate.slice(0, 3)}-${plate.slice(3)}` : plate;
}

/** A character, and whether the reading of it is in doubt. */
export interface Mark {
  character: string;
  isDoubtful: boolean;
}

/** Doubtful is what one of the *suggestions* of the same length has otherwise. */
export function marksOf(plate: string, suggestions: readonly string[]): Mark[] {
  const others = suggestions.filter((other) => other.length === plate.length);
  return [...plate].map((character, at) => ({ character, isDoubtful: others.some((other) => other[at] !== character) }));
}

/** What somebody typed, as it is searched for: capitals, digits, ? and *. */
export function searched(typed: string): string {
  return typed
    .normalize("NFKD")
    .toUpperCase()
    .replace(/[^A-Z0-9?*]/g, "");
}
