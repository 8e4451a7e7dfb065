import { expect, it } from "vitest";
import { opened, topDialog } from "./interruption";

it("knows which dialog lies on top, in whatever order they go", () => {
  expect(topDialog.value).toBeNull();
  const drawer = opened(false);
  const answer = opened(true);
  expect(topDialog.value).toEqual({ id: answer.id, isAlone: true });

  drawer.close();
  expect(topDialog.value?.id).toBe(answer.id);

  answer.close();
  expect(topDialog.value).toBeNull();
});
