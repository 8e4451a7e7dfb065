/** The fields of *wanted* that differ from *present*: a PATCH carries nothing else. */
export function changedFields<T extends object>(present: object, wanted: T): Partial<T> {
  const before = present as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key])),
  ) as Partial<T>;
}

/** "Guarda Municipal de São José" → "guarda-municipal-de-sao-jose": what the daemon takes for an identifier. */
export function identifierOf(name: string): string {
  return name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
}
