import { text } from "../i18n";
import { matches } from "../state/search";

/** More cameras than one finds at a glance. */
const MANY = 8;

/** Those of *cameras* whose name or id has every word of *wanted*, in their order. */
export function foundIn<T extends { id: string; name: string }>(cameras: readonly T[], wanted: string): T[] {
  return cameras.filter(({ id, name }) => matches(wanted, name, id));
}

interface FindCameraProps {
  /** Of how many cameras there is to choose; a few need no search. */
  of: number;
  wanted: string;
  onFind: (wanted: string) => void;
}

/** Where a list of cameras to choose from is narrowed down. */
export function FindCamera({ of, wanted, onFind }: FindCameraProps) {
  if (of <= MANY) return null;
  const t = text.value.live;
  return (
    <input
      type="search"
      class="find-camera"
      aria-label={t.find}
      placeholder={t.find}
      autocomplete="off"
      value={wanted}
      // In a form Enter would send it, half filled.
      onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
      onInput={(event) => onFind(event.currentTarget.value)}
    />
  );
}
