import { describe, expect, it } from "vitest";
import { Problem } from "../../api/problem";
import type { Camera, Vendor } from "../../api/types";
import { accessFaults, cameraBody, changesTo, checkSeconds, concernsAccess, emptyForm, faultsOf, formOf, nameFaults, numberIn, probeBody, splitTypedUrl } from "./form";

const INTELBRAS: Vendor = { key: "intelbras", label: "Intelbras", rtsp_port: 554, http_port: 80, onvif_port: 80, needs_url: false, has_channels: true, user_hint: "admin" };
const RTSP: Vendor = { ...INTELBRAS, key: "generic_rtsp", needs_url: true, has_channels: false };

const CAMERA = {
  camera_id: "cam01", camera_uuid: "u1", name: "Portaria", vendor: "intelbras", host: "10.0.0.5", rtsp_port: 554, http_port: 80,
  onvif_port: 80, channel: 1, username: "admin", has_password: true, main_url: null, sub_url: null, tenant_id: "default",
  place: { latitude: -23.5, longitude: -46.6, bearing: null, label: "Entrada" }, record: true, enabled: true,
} as unknown as Camera;

describe("the camera form", () => {
  it("leaves out what was not typed, so that the vendor's usual ports hold", () => {
    const form = { ...emptyForm("intelbras"), host: " 10.0.0.5 ", username: "admin", password: "p@ss:w/rd#1?%ç" };

    expect(probeBody(form, INTELBRAS)).toEqual({ vendor: "intelbras", host: "10.0.0.5", channel: 1, username: "admin", password: "p@ss:w/rd#1?%ç" });
  });

  it("sends an address instead of host and ports to a vendor that needs one", () => {
    const form = { ...emptyForm("generic_rtsp"), host: "ignored", mainUrl: "rtsp://10.0.0.5/s", username: "u" };

    expect(probeBody(form, RTSP)).toEqual({ vendor: "generic_rtsp", username: "u", password: "", main_url: "rtsp://10.0.0.5/s" });
  });

  it("says of a device that is asked for its streams that it has no password, where none was typed", () => {
    const form = { ...emptyForm("generic_onvif"), host: "10.0.0.5" };

    expect(probeBody(form, undefined).anonymous).toBe(true);
    expect(probeBody({ ...form, username: "u" }, undefined)).not.toHaveProperty("anonymous");
  });

  it("asks for an address and for whole numbers", () => {
    expect(accessFaults(emptyForm("intelbras"), INTELBRAS)).toEqual({ host: "missing" });
    expect(accessFaults({ ...emptyForm("x"), host: "h", rtspPort: "70000", channel: "1.5" }, INTELBRAS)).toEqual({ rtspPort: "number", channel: "number" });
    expect(accessFaults(emptyForm("generic_rtsp"), RTSP)).toEqual({ mainUrl: "missing" });
  });

  it("reads numbers with a comma, as they are written here", () => {
    expect(numberIn("-23,5505")).toBe(-23.5505);
    expect(numberIn("abc")).toBeNull();
    expect(nameFaults({ ...emptyForm("x"), name: "a", latitude: "91" })).toEqual({ latitude: "number" });
  });

  it("sends only what was changed, and no password that nobody typed", () => {
    const form = { ...formOf(CAMERA), name: "Portaria nova", bearing: "90" };

    expect(changesTo(CAMERA, form, INTELBRAS)).toEqual({
      name: "Portaria nova",
      place: { latitude: -23.5, longitude: -46.6, bearing: 90, label: "Entrada" },
    });
    expect(changesTo(CAMERA, formOf(CAMERA), INTELBRAS)).toEqual({});
  });

  it("can take the user name away", () => {
    expect(changesTo(CAMERA, { ...formOf(CAMERA), username: "" }, INTELBRAS)).toEqual({ username: "" });
  });

  it("puts the tenant and the identifier in when they are given", () => {
    const body = cameraBody({ ...emptyForm("intelbras"), host: "h", name: " Doca ", tenantId: "t2", cameraId: "doca" }, INTELBRAS);

    expect(body).toMatchObject({ name: "Doca", tenant_id: "t2", camera_id: "doca", record: true });
  });

  it("takes user and password out of a pasted address", () => {
    expect(splitTypedUrl("rtsp://admin:p%40ss@10.0.0.5:554/cam?channel=1")).toEqual({ url: "rtsp://10.0.0.5:554/cam?channel=1", username: "admin", password: "p@ss" });
    expect(splitTypedUrl("10.0.0.5")).toBeNull();
  });
});

it("says how long a check may take, which is longer where the device is asked first", () => {
  expect([checkSeconds("intelbras"), checkSeconds("generic_onvif")]).toEqual([5, 10]);
});

describe("what a failure points to", () => {
  const problem = (code: string, faults: { path: string; message: string }[] = []): Problem => new Problem(422, code, "", { code, faults });

  it("is the field that the daemon names", () => {
    const faults = faultsOf(problem("invalid_input", [{ path: "place.latitude", message: "x" }, { path: "skip_probe", message: "x" }]), INTELBRAS);

    expect(faults).toEqual({ latitude: "refused" });
    expect(concernsAccess(faults)).toBe(false);
  });

  it("is never a channel where a whole address was typed", () => {
    expect(faultsOf(problem("camera_path_not_found"), RTSP)).toEqual({ mainUrl: "look" });
    expect(faultsOf(problem("camera_path_not_found"), INTELBRAS)).toEqual({ channel: "look" });
  });

  it("is found before anything is sent where that can be known", () => {
    expect(accessFaults({ ...emptyForm("generic_rtsp"), mainUrl: "10.0.0.5/s", subUrl: "http://x" }, RTSP)).toEqual({ mainUrl: "scheme", subUrl: "scheme" });
    expect(accessFaults({ ...emptyForm("intelbras"), host: "rtsp://10.0.0.5" }, INTELBRAS)).toEqual({ host: "host" });
    expect(nameFaults({ ...emptyForm("intelbras"), name: "A", cameraId: "Câmera 1", latitude: "-23,5" })).toEqual({ cameraId: "identifier", longitude: "pair" });
  });
});
