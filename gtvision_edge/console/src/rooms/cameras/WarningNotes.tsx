import type { Warning } from "../../api/types";
import { text } from "../../i18n";
import { Note } from "../../ui/parts";

/** Each warning in words, with its cure; one that is not known yet shows its code. */
export function WarningNotes({ warnings }: { warnings: readonly Warning[] }) {
  return (
    <>
      {warnings.map((warning) => {
        const words = text.value.warnings[warning.code]?.(warning);
        return (
          <Note key={warning.code} title={words?.title ?? warning.code}>
            {words?.cure}
          </Note>
        );
      })}
    </>
  );
}
