import "./plate.css";
import { text } from "../i18n";
import { formOf, marksOf } from "./plate";

interface PlateChipProps {
  /** null: none was read, or it is known no more. */
  plate: string | null;
  suggestions?: readonly string[];
  size?: "small" | "large";
  /** Instead of "not read", for readings whose plate was taken away. */
  isAnonymised?: boolean;
}

/** A plate looks like a plate; characters in doubt are marked, and said. */
export function PlateChip({ plate, suggestions = [], size = "small", isAnonymised = false }: PlateChipProps) {
  const t = text.value.plates;
  if (plate === null) return <span class="plate none">{isAnonymised ? t.anonymised : t.notRead}</span>;
  const marks = marksOf(plate, suggestions);
  const doubtful = marks.filter(({ isDoubtful }) => isDoubtful).map(({ character }) => character);
  const title = doubtful.length > 0 ? t.doubtful(doubtful) : undefined;
  return (
    <span class={`plate form-${formOf(plate)} ${size}`} title={title} data-plate={plate}>
      <span aria-hidden="true">
        {marks.map(({ character, isDoubtful }, at) => (isDoubtful ? <mark key={at}>{character}</mark> : character))}
      </span>
      <span class="hidden-words">
        {plate}
        {title && ` (${title})`}
      </span>
    </span>
  );
}
