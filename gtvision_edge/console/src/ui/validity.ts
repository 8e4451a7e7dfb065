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
      if (field instanceof HTMLInputElement && !field.validity.customError) field.setCustomValidity(wordsFor(field));
    },
    true,
  );
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement) event.target.setCustomValidity("");
  });
}

function wordsFor({ validity, minLength, dataset }: HTMLInputElement): string {
  const t = text.value;
  if (validity.valueMissing) return t.wizard.faults.missing;
  if (validity.tooShort) return t.password.short(minLength);
  return dataset.fault ?? t.wizard.faults.refused;
}
