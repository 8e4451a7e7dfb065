import { expect, test } from "vitest";
import type { List } from "../../api/types";
import { readAgain } from "./pages";

/** A list of numbers, three a page; the cursor is the last one read. */
const pagesOf = (numbers: number[]) => {
  const asked: (string | null)[] = [];
  const get = (cursor: string | null): Promise<List<number>> => {
    asked.push(cursor);
    const left = numbers.filter((each) => cursor === null || each > Number(cursor));
    const items = left.slice(0, 3);
    return Promise.resolve({ items, next: left.length > 3 ? String(items.at(-1)) : null });
  };
  return { get, asked };
};
const idOf = (each: number): number => each;

test("as much as was shown is read again, and what is gone is gone", async () => {
  const { get, asked } = pagesOf([1, 3, 4, 5, 7, 8, 9]);

  expect(await readAgain(get, 5, idOf)).toEqual({ items: [1, 3, 4, 5, 7, 8], next: "8" });
  expect(asked).toEqual([null, "4"]);
});

test("a list that became shorter ends there, an empty one is read once", async () => {
  expect(await readAgain(pagesOf([1, 2]).get, 60, idOf)).toEqual({ items: [1, 2], next: null });
  const { get, asked } = pagesOf([]);
  expect(await readAgain(get, 0, idOf)).toEqual({ items: [], next: null });
  expect(asked).toEqual([null]);
});
