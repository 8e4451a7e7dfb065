import { text } from "../i18n";

/**
 * The browser checks required fields and patterns, in the browser's language; the words are ours.
 *
 * A field says in `data-fault` what its pattern means.
 */
export function startValidity(): void {
  document.addEventListener(
    "invalid",
    (event) => {
      const field = event.target;
      if (isWritten(field) && !field.validity.customError) field.setCustomValidity(wordsFor(field));
    },
    true,
  );
  document.addEventListener("input", (event) => {
    if (isWritten(event.target)) event.target.setCustomValidity("");
  });
}

type Written = HTMLInputElement | HTMLTextAreaElement;

function isWritten(field: EventTarget | null): field is Written {
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
}

function wordsFor({ validity, minLength, dataset }: Written): string {
  const t = text.value;
  if (validity.valueMissing) return t.wizard.faults.missing;
  if (validity.tooShort) return t.password.short(minLength);
  return dataset.fault ?? t.wizard.faults.refused;
}
