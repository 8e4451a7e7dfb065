import { useState } from "preact/hooks";
import { text } from "../../i18n";

/** So much fits into three lines of a card. */
const SHORT_LENGTH = 180;
const SHORT_LINES = 3;

export function isLong(words: string): boolean {
  return words.length > SHORT_LENGTH || words.split("\n").length > SHORT_LINES;
}

/** Why, in the words of whoever wrote it: a long reason shows its beginning, and all of it when asked. */
export function Reason({ words, isTitle = false }: { words: string; isTitle?: boolean }) {
  const t = text.value.evidence;
  const [isWhole, setWhole] = useState(false);
  const long = isLong(words);
  const style = `reason${long && !isWhole ? " short" : ""}`;
  return (
    <div class="reason-box">
      {isTitle ? <h2 class={style}>{words}</h2> : <span class={style}>{words}</span>}
      {long && (
        <button type="button" class="opener" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? t.showLess : t.showWhole}
        </button>
      )}
    </div>
  );
}
