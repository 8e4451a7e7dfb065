import { beforeEach, expect, it } from "vitest";
import type { Me } from "../../api/types";
import { me } from "../../state/session";
import { FirstWays } from "./FirstCamera";

const as = (role: Me["role"]): void => {
  me.value = { role } as Me;
};

beforeEach(() => {
  me.value = null;
});

it("shows the ways to a first camera to those who may add it", () => {
  as("admin");
  expect(FirstWays()?.props.class).toBe("ways");

  as("viewer");
  expect(FirstWays()).toBeNull();
});
