import { describe, expect, it, vi } from "vitest";
import { Client, type Fetch } from "./client";
import { LinkDown, Problem } from "./problem";

const json = (status: number, body: unknown): Response =>
  new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { "Content-Type": status >= 400 ? "application/problem+json" : "application/json" },
  });

function setUp(fetch: Fetch) {
  const hooks = {
    askLogin: vi.fn(async () => {}),
    mustChangePassword: vi.fn(),
    answered: vi.fn(),
    unanswered: vi.fn(),
    renewed: vi.fn(),
  };
  return { client: new Client(hooks, fetch), hooks };
}

describe("the API client", () => {
  it("renews an expired session once for all callers and repeats their calls", async () => {
    let isFresh = false;
    const seen: string[] = [];
    const { client, hooks } = setUp(async (url) => {
      seen.push(url);
      if (url.endsWith("/auth/refresh")) {
        await Promise.resolve();
        isFresh = true;
        return json(200, { expires_in: 900 });
      }
      return isFresh ? json(200, { url }) : json(401, { code: "not_authenticated" });
    });

    const answers = await Promise.all([client.get("/status"), client.get("/cameras"), client.get("/me")]);

    expect(answers).toHaveLength(3);
    expect(seen.filter((url) => url.endsWith("/auth/refresh"))).toHaveLength(1);
    expect(hooks.askLogin).not.toHaveBeenCalled();
  });

  it("says that the password has to be changed, and fails the call", async () => {
    const { client, hooks } = setUp(async () => json(403, { code: "password_change_required" }));

    await expect(client.get("/status")).rejects.toThrow(Problem);
    expect(hooks.mustChangePassword).toHaveBeenCalledTimes(1);
    expect(hooks.askLogin).not.toHaveBeenCalled();
  });

  it("asks for a login when the renewal is refused, and then goes on with the call", async () => {
    let isLoggedIn = false;
    const { client, hooks } = setUp(async () =>
      isLoggedIn ? json(200, { done: true }) : json(401, { code: "not_authenticated" }),
    );
    hooks.askLogin.mockImplementation(async () => {
      isLoggedIn = true;
    });

    await expect(client.post("/mosaics", { nome: "x" })).resolves.toEqual({ done: true });
    expect(hooks.askLogin).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["a 503 without words", async () => new Response("", { status: 503 })],
    ["a lost network", async () => Promise.reject(new TypeError("failed to fetch"))],
  ])("never asks for a login because of %s", async (_name, renewal) => {
    const { client, hooks } = setUp(async (url) =>
      url.endsWith("/auth/refresh") ? renewal() : json(401, { code: "not_authenticated" }),
    );

    await expect(client.get("/status")).rejects.toBeInstanceOf(LinkDown);
    expect(hooks.askLogin).not.toHaveBeenCalled();
    expect(hooks.unanswered).toHaveBeenCalled();
  });

  it("keeps the code and the facts of a problem", async () => {
    const { client } = setUp(async () =>
      json(422, { code: "invalid_input", detail: "no", faults: [{ path: "host", message: "missing" }] }),
    );

    const error = await client.post("/cameras", {}).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(Problem);
    expect((error as Problem).code).toBe("invalid_input");
    expect((error as Problem).faults[0]?.path).toBe("host");
  });

  it("takes a 500 without words for an answer that failed, not for a lost daemon", async () => {
    const { client, hooks } = setUp(async () => new Response("500 Internal Server Error", { status: 500 }));

    const error = await client.get("/cameras").catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(Problem);
    expect((error as Problem).code).toBe("http_500");
    expect(hooks.unanswered).not.toHaveBeenCalled();
  });

  it("takes a 504 with our words for an answer, not for a lost daemon", async () => {
    const { client, hooks } = setUp(async () => json(504, { code: "camera_timeout", detail: "" }));

    await expect(client.post("/cameras/probe", {})).rejects.toMatchObject({ code: "camera_timeout" });
    expect(hooks.unanswered).not.toHaveBeenCalled();
  });

  it("reads every page of a list", async () => {
    const { client } = setUp(async (url) =>
      url.includes("cursor=b") ? json(200, { items: [3], next: null }) : json(200, { items: [1, 2], next: "b" }),
    );

    await expect(client.all<number>("/cameras")).resolves.toEqual([1, 2, 3]);
  });
});
