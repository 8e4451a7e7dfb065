/** "praca" finds "Praça": case and accents do not matter, every word must be found somewhere. */
export function matches(wanted: string, ...texts: (string | null | undefined)[]): boolean {
  const haystack = plain(texts.filter(Boolean).join(" "));
  return plain(wanted)
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

function plain(words: string): string {
  return words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
