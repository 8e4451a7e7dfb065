import { useEffect, useRef, useState } from "preact/hooks";
import type { List } from "../../api/types";
import { client } from "../../state/session";

export interface Pages<T> {
  items: readonly T[] | null;
  next: string | null;
  error: unknown;
  more: () => void;
  /** Read the newest page again; what was read of older ones stays. */
  refresh: () => Promise<void>;
  /** Begin anew: something may be gone from the list. */
  reload: () => Promise<void>;
}

/** A list that is read page by page, newest first. Another *path* begins anew; an answer for the one before is dropped. */
export function usePages<T>(path: string, idOf: (item: T) => string | number): Pages<T> {
  const [items, setItems] = useState<readonly T[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const current = useRef(path);
  current.current = path;

  async function read(cursor: string | null, isFirst: boolean): Promise<void> {
    const query = cursor === null ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`;
    try {
      const page = await client.get<List<T>>(path + query);
      if (current.current !== path) return;
      setError(null);
      if (isFirst) {
        setItems(page.items);
        setNext(page.next);
      } else if (cursor !== null) {
        setItems((before) => joined(before ?? [], page.items, idOf));
        setNext(page.next);
      } else {
        setItems((before) => joined(page.items, before ?? [], idOf));
      }
    } catch (failure) {
      if (current.current === path) setError(failure);
    }
  }

  useEffect(() => {
    setItems(null);
    setNext(null);
    setError(null);
    void read(null, true);
  }, [path]);
  return { items, next, error, more: () => void read(next, false), refresh: () => read(null, items === null), reload: () => read(null, true) };
}

/** *first*, and of *second* what is not in it. */
export function joined<T>(first: readonly T[], second: readonly T[], idOf: (item: T) => string | number): T[] {
  const known = new Set(first.map(idOf));
  return [...first, ...second.filter((item) => !known.has(idOf(item)))];
}
