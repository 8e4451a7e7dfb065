/** The fields of *wanted* that differ from *present*: a PATCH carries nothing else. */
export function changedFields<T extends object>(present: object, wanted: T): Partial<T> {
  const before = present as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key])),
  ) as Partial<T>;
}
