import { expect, test } from "vitest";
import { chosenTenant, tenantName } from "./tenants";

const tenants = ["b", "default"].map((tenant_id) => ({ tenant_id, name: tenant_id, created_at: "" }));

test("an untouched form means the site's first organisation, never just the first of the list", () => {
  expect(chosenTenant("", tenants)).toBe("default");
  expect(chosenTenant("b", tenants)).toBe("b");
  expect(chosenTenant("", tenants.slice(0, 1))).toBe("");
});

test("the organisation that nobody named is called so in the reader's language, others by their name", () => {
  expect(tenantName("default")).toBe("Padrão");
  expect(tenantName("Guarda Municipal")).toBe("Guarda Municipal");
});
