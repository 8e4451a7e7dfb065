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
  /** Read all that is shown once more: what is gone from the list leaves the screen, and nothing else moves. */
  reread: () => Promise<void>;
  /** Do that, unless something is being read: for who looks now and then. */
  follow: () => Promise<void>;
}

/** A list that is read page by page, newest first. Another *path* begins anew; an answer for the one before is dropped. */
export function usePages<T>(path: string, idOf: (item: T) => string | number): Pages<T> {
  const [items, setItems] = useState<readonly T[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const current = useRef(path);
  current.current = path;
  /** Counts readings: one of all that is shown is dropped where another began since, for it may not know of it. */
  const turn = useRef(0);
  const underWay = useRef(0);

  const get = (cursor: string | null): Promise<List<T>> =>
    client.get<List<T>>(path + (cursor === null ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`));

  async function attempt<R>(work: () => Promise<R>, enter: (found: R) => void, isWanted = (): boolean => true): Promise<void> {
    const isCurrent = (): boolean => current.current === path && isWanted();
    underWay.current++;
    try {
      const found = await work();
      if (!isCurrent()) return;
      setError(null);
      enter(found);
    } catch (failure) {
      if (isCurrent()) setError(failure);
    } finally {
      underWay.current--;
    }
  }

  function read(cursor: string | null, isFirst: boolean): Promise<void> {
    turn.current++;
    return attempt(
      () => get(cursor),
      (page) => {
        if (isFirst) {
          setItems(page.items);
          setNext(page.next);
        } else if (cursor !== null) {
          setItems((before) => joined(before ?? [], page.items, idOf));
          setNext(page.next);
        } else {
          setItems((before) => joined(page.items, before ?? [], idOf));
        }
      },
    );
  }

  function reread(): Promise<void> {
    const own = ++turn.current;
    return attempt(
      () => readAgain(get, items?.length ?? 0, idOf),
      (found) => {
        setItems(found.items);
        setNext(found.next);
      },
      () => turn.current === own,
    );
  }

  useEffect(() => {
    setItems(null);
    setNext(null);
    setError(null);
    void read(null, true);
  }, [path]);
  return {
    items,
    next,
    error,
    more: () => void read(next, false),
    refresh: () => read(null, items === null),
    reload: () => read(null, true),
    reread,
    follow: async () => (underWay.current === 0 ? await reread() : undefined),
  };
}

/** Read pages from the first on until at least as many items are there as before, or there are no more. */
export async function readAgain<T>(get: (cursor: string | null) => Promise<List<T>>, count: number, idOf: (item: T) => string | number): Promise<List<T>> {
  let page = await get(null);
  let items = page.items;
  while (page.next !== null && items.length < count) {
    page = await get(page.next);
    items = joined(items, page.items, idOf);
  }
  return { items, next: page.next };
}

/** *first*, and of *second* what is not in it. */
export function joined<T>(first: readonly T[], second: readonly T[], idOf: (item: T) => string | number): T[] {
  const known = new Set(first.map(idOf));
  return [...first, ...second.filter((item) => !known.has(idOf(item)))];
}
