import { describe, expect, it } from "vitest";
import type { FoundDevice } from "../../../api/types";
import { accessFault, bodyOf, deviceWords, inTurns, nameOf, targetsIn } from "./search";

const DEVICE: FoundDevice = {
  host: "10.0.0.64",
  onvif_port: 8899,
  xaddr_host: null,
  name: "IPC",
  manufacturer: "Boa",
  hardware: "BC-2000",
  scopes: [],
  already_added_as: null,
};

describe("where to look", () => {
  it.each([
    ["192.168.1.20", { addresses: ["192.168.1.20"] }],
    [" 192.168.1.20, 192.168.1.21;192.168.1.20 ", { addresses: ["192.168.1.20", "192.168.1.21"] }],
    ["192.168.1.9-11", { addresses: ["192.168.1.9", "192.168.1.10", "192.168.1.11"] }],
    ["192.168.1.9-192.168.1.10", { addresses: ["192.168.1.9", "192.168.1.10"] }],
    ["192.168.100.199-192.168.100.200", { addresses: ["192.168.100.199", "192.168.100.200"] }],
    ["192.168.1.0/24", { network: "192.168.1.0/24" }],
  ])("is read from %s", (typed, wanted) => expect(targetsIn(typed)).toEqual(wanted));

  it.each(["", "camera.local", "192.168.1", "192.168.1.256", "10.0.0.0/8", "192.168.1.9-3", "10.0.0.0-255 10.0.1.1", "192.168.1.9-192.168.2.10", "rtsp://10.0.0.1/x"])(
    "is not guessed from %s",
    (typed) => expect(targetsIn(typed)).toBeNull(),
  );
});

describe("a found device", () => {
  it("keeps the name that nothing else has", () => {
    const gate = { ...DEVICE, host: "10.0.0.11", name: "Portão leste" };

    expect(nameOf(gate, "Câmera", [DEVICE, gate], ["Doca 3"])).toBe("Portão leste");
  });

  it("gets a name that tells it from its like", () => {
    const like = { ...DEVICE, host: "10.0.0.65" };
    const sameEnd = { ...DEVICE, host: "10.0.1.64" };

    expect(nameOf(DEVICE, "Câmera", [DEVICE, like])).toBe("IPC 64");
    expect(nameOf(DEVICE, "Câmera", [DEVICE, sameEnd])).toBe("IPC 10.0.0.64");
    expect(nameOf(DEVICE, "Câmera", [DEVICE], ["IPC"])).toBe("IPC 64");
    expect(nameOf({ ...DEVICE, name: "", hardware: "" }, "Câmera", [DEVICE])).toBe("Câmera 64");
  });

  it("has a long name cut between words, and that is seen", () => {
    const name = "Estacionamento do bloco administrativo, entrada de serviço junto ao depósito";
    const cut = "Estacionamento do bloco administrativo, entrada de serviço…";

    expect(nameOf({ ...DEVICE, name }, "Câmera")).toBe(cut);
    expect(nameOf({ ...DEVICE, name: "x".repeat(90) }, "Câmera")).toBe(`${"x".repeat(63)}…`);
    expect(nameOf({ ...DEVICE, name }, "Câmera", [{ ...DEVICE, name, host: "10.0.0.65" }])).toBe(`${cut} 64`);
  });

  it("says of itself what its name does not", () => {
    expect(deviceWords(DEVICE)).toBe("Boa · BC-2000");
    expect(deviceWords({ ...DEVICE, manufacturer: "BC-2000", name: "IPC" })).toBe("BC-2000");
  });

  it("is added by what it was asked under, without empty fields", () => {
    expect(bodyOf(DEVICE, " Portaria ", { username: "", password: "", isOpen: true, tenantId: "" })).toEqual({
      vendor: "generic_onvif",
      host: "10.0.0.64",
      onvif_port: 8899,
      name: "Portaria",
      anonymous: true,
    });
  });
});

describe("one login for all", () => {
  const access = { username: "admin", password: "segredo", isOpen: false, tenantId: "" };

  it("is asked for: an empty one may be a slip, and is tried only where somebody says so", () => {
    expect(accessFault(access)).toBeNull();
    expect(accessFault({ ...access, password: "" })).toBe("password");
    expect(accessFault({ ...access, username: " " })).toBe("username");
    expect(accessFault({ ...access, username: "", password: "", isOpen: true })).toBeNull();
  });

  it("is not sent where it was said that there is none", () => {
    expect(bodyOf(DEVICE, "Portaria", { ...access, isOpen: true })).not.toHaveProperty("password");
    expect(bodyOf(DEVICE, "Portaria", access)).toMatchObject({ username: "admin", password: "segredo" });
  });
});

describe("turns", () => {
  it("are three at a time, and all are taken", async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await inTurns([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      done.push(item);
    });

    expect(most).toBe(3);
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});
