import { describe, expect, it } from "vitest";
import type { SiteStatus } from "../api/types";
import { ptBR } from "../i18n/pt-BR";
import { recordingOf } from "./site";

const site = (state: "up" | "down" | "unknown", error: string | null = null): SiteStatus =>
  ({ cameras: { total: 9, recording: 8 }, media_server: { kind: "mediamtx", version: "v1.20.1", state, error } }) as unknown as SiteStatus;

describe("how many cameras record", () => {
  it("is told while the media server works, or was not asked yet", () => {
    expect([recordingOf(site("up")), recordingOf(site("unknown"))]).toEqual([8, 8]);
  });

  it("is not known while it is stopped or hangs: what was counted is from before", () => {
    expect(recordingOf(site("down", "media_server_unavailable"))).toBeNull();
    expect(recordingOf(site("down", "media_server_silent"))).toBeNull();
    expect([ptBR.top.recording(null, 9), ptBR.top.recordingShort(null, 9)]).toEqual(["9 câmeras · — gravando", "— de 9 gravando"]);
  });

  it("is nothing to be proud of where there is no camera", () => {
    expect([ptBR.cameras.summary(0, 0), ptBR.cameras.summary(9, 9), ptBR.cameras.summary(9, null)]).toEqual(["nenhuma ainda", "9, todas gravando", "9 · — gravando"]);
  });
});
