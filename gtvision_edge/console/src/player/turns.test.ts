import { afterEach, describe, expect, it, vi } from "vitest";
import { Client } from "../api/client";
import { loadPicture, NoPicture } from "./picture";
import { mediaTurns, slowTurns, Turns } from "./turns";

const BROWSERS_CONNECTIONS = 6;

/** A server that answers nothing until it is told to, and counts who waits. */
class Hanging {
  open = 0;
  readonly answers: ((response: Response) => void)[] = [];

  readonly fetch = (_url: unknown, init?: RequestInit): Promise<Response> => {
    this.open += 1;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.open -= 1;
        settle();
      };
      this.answers.push((response) => end(() => resolve(response)));
      init?.signal?.addEventListener("abort", () => end(() => reject(init.signal?.reason)), { once: true });
    });
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

afterEach(() => vi.restoreAllMocks());

describe("a server that hangs", () => {
  it("leaves the API a connection, however many pictures and checks of cameras wait", async () => {
    const server = new Hanging();
    const end = new AbortController();
    const hooks = { askLogin: vi.fn(), mustChangePassword: vi.fn(), answered: vi.fn(), unanswered: vi.fn(), renewed: vi.fn() };
    const client = new Client(hooks, server.fetch);
    const ends: Promise<unknown>[] = [];
    for (let each = 0; each < 16; each += 1) {
      ends.push(loadPicture(`/stream/cam${each}_rec/poster.jpg`, end.signal, { fetch: server.fetch as typeof fetch }).catch(() => null));
      ends.push(client.post("/cameras/probe", {}, { timeoutMs: 40_000, signal: end.signal }).catch(() => null));
    }
    await settled();
    expect(server.open).toBeLessThan(BROWSERS_CONNECTIONS);
    const waiting = server.open;

    void client.get("/status").catch(() => null);
    expect(server.open).toBe(waiting + 1);
    server.answers.at(-1)?.(new Response("{}"));

    end.abort();
    await Promise.all(ends);
    await settled();
    expect(server.open).toBe(0);
    for (const turns of [mediaTurns, slowTurns]) (await turns.wait())();
  });

  it("is given up for a picture after a while, and its turn passed on", async () => {
    const server = new Hanging();
    const turns = new Turns(1);
    const never = new AbortController().signal;
    const first = loadPicture("/a", never, { turns, timeoutMs: 20, fetch: server.fetch as typeof fetch });
    const second = loadPicture("/b", never, { turns, timeoutMs: 1_000, fetch: server.fetch as typeof fetch });
    vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:b");

    await expect(first).rejects.toThrow();
    await settled();
    server.answers[1]?.(new Response("picture"));

    await expect(second).resolves.toBe("blob:b");
    expect(server.open).toBe(0);
  });

  it("is not told as a daemon that is gone when it is a picture that does not come", async () => {
    const hooks = { askLogin: vi.fn(), mustChangePassword: vi.fn(), answered: vi.fn(), unanswered: vi.fn(), renewed: vi.fn() };
    const client = new Client(hooks, () => Promise.reject(new DOMException("late", "TimeoutError")));

    await expect(client.response("/cameras/a/snapshot")).rejects.toThrow();
    expect(hooks.unanswered).not.toHaveBeenCalled();
    await expect(client.get("/status")).rejects.toThrow();
    expect(hooks.unanswered).toHaveBeenCalledOnce();
  });
});

describe("a turn", () => {
  it("is not lost by who stops waiting for it", async () => {
    const turns = new Turns(1);
    const leave = await turns.wait();
    const impatient = new AbortController();
    const gone = turns.wait(impatient.signal);
    const next = turns.wait();

    impatient.abort();
    leave();

    await expect(gone).rejects.toThrow();
    (await next)();
    (await turns.wait())();
  });
});

describe("what is no picture", () => {
  it("tells the status, so that one who may not see it is not told of a camera that is away", async () => {
    const refuse = (): Promise<Response> => Promise.resolve(new Response("{}", { status: 403 }));

    await expect(loadPicture("/a", new AbortController().signal, { fetch: refuse as typeof fetch })).rejects.toEqual(new NoPicture(403));
  });
});
