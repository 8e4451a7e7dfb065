import { describe, expect, it } from "vitest";
import { sayGoodbye } from "./goodbye";
import { Turns } from "./turns";

/** A daemon that takes every request and never answers. */
function silentDaemon() {
  const seen = { sent: [] as string[], open: 0, most: 0 };
  const fetch = ((url: string, init: RequestInit) => {
    seen.sent.push(`${init.method} ${url} ${init.keepalive}`);
    seen.open += 1;
    seen.most = Math.max(seen.most, seen.open);
    return new Promise<Response>((_resolve, reject) => {
      init.signal?.addEventListener("abort", () => {
        seen.open -= 1;
        reject(init.signal?.reason);
      });
    });
  }) as typeof globalThis.fetch;
  return { seen, fetch };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !isSo(); round += 1) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("goodbyes to a daemon that does not answer", () => {
  it("of a whole mosaic hold two connections, and give each back", async () => {
    const { seen, fetch } = silentDaemon();
    const turns = new Turns(2);

    for (let tile = 1; tile <= 8; tile += 1) sayGoodbye(`/whep/c${tile}/s`, { turns, patienceMs: 5, fetch });
    await until(() => seen.sent.length === 8 && seen.open === 0);

    expect([seen.sent.length, seen.open, seen.most]).toEqual([8, 0, 2]);
    expect(seen.sent[7]).toBe("DELETE /whep/c8/s true");
  });

  it("all go out at once when the page is left", () => {
    const { seen, fetch } = silentDaemon();

    for (let tile = 1; tile <= 8; tile += 1) sayGoodbye(`/whep/c${tile}/s`, { isLeaving: true, turns: new Turns(1), fetch });

    expect(seen.sent).toHaveLength(8);
  });
});
