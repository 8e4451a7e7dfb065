/** The wizard's fields as typed, and the bodies made of them. Pure. */
import { Problem } from "../../api/problem";
import type { Camera, CameraBody, Place, ProbeBody, Vendor } from "../../api/types";

export interface CameraForm {
  vendor: string;
  host: string;
  channel: string;
  username: string;
  password: string;
  mainUrl: string;
  subUrl: string;
  rtspPort: string;
  httpPort: string;
  onvifPort: string;
  name: string;
  cameraId: string;
  placeLabel: string;
  latitude: string;
  longitude: string;
  bearing: string;
  tenantId: string;
  record: boolean;
  enabled: boolean;
}

export type FieldName = keyof CameraForm;
/** What is wrong with a field. "look": the camera's answer points here; "refused": the daemon does. */
export type FieldFault = "missing" | "number" | "scheme" | "host" | "identifier" | "pair" | "look" | "refused";
export type FieldFaults = Partial<Record<FieldName, FieldFault>>;

/** The longest that the daemon takes. */
export const LONGEST: Partial<Record<FieldName, number>> = {
  name: 80,
  cameraId: 32,
  host: 200,
  username: 200,
  password: 200,
  placeLabel: 200,
  mainUrl: 2000,
  subUrl: 2000,
};

const IDENTIFIER = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const TYPED_URL = /^rtsps?:\/\/[^\s/]+/i;

export function emptyForm(vendor: string): CameraForm {
  return {
    vendor,
    host: "",
    channel: "1",
    username: "",
    password: "",
    mainUrl: "",
    subUrl: "",
    rtspPort: "",
    httpPort: "",
    onvifPort: "",
    name: "",
    cameraId: "",
    placeLabel: "",
    latitude: "",
    longitude: "",
    bearing: "",
    tenantId: "",
    record: true,
    enabled: true,
  };
}

export function formOf(camera: Camera): CameraForm {
  const shown = (value: number | string | null | undefined): string => (value === null || value === undefined ? "" : String(value));
  return {
    ...emptyForm(camera.vendor),
    host: camera.host,
    channel: shown(camera.channel),
    username: shown(camera.username),
    mainUrl: shown(camera.main_url),
    subUrl: shown(camera.sub_url),
    rtspPort: shown(camera.rtsp_port),
    httpPort: shown(camera.http_port),
    onvifPort: shown(camera.onvif_port),
    name: camera.name,
    cameraId: camera.camera_id,
    placeLabel: shown(camera.place?.label),
    latitude: shown(camera.place?.latitude),
    longitude: shown(camera.place?.longitude),
    bearing: shown(camera.place?.bearing),
    tenantId: camera.tenant_id,
    record: camera.record,
    enabled: camera.enabled,
  };
}

/** A number as people here write it: "-23,55" and "-23.55" are the same; null when it is none. */
export function numberIn(typed: string): number | null {
  const plain = typed.trim().replace(",", ".");
  return plain === "" || !Number.isFinite(Number(plain)) ? null : Number(plain);
}

export function accessFaults(form: CameraForm, vendor: Vendor | undefined): FieldFaults {
  const faults: FieldFaults = {};
  if (vendor?.needs_url) {
    if (form.mainUrl.trim() === "") faults.mainUrl = "missing";
    else if (!TYPED_URL.test(form.mainUrl.trim())) faults.mainUrl = "scheme";
    if (form.subUrl.trim() !== "" && !TYPED_URL.test(form.subUrl.trim())) faults.subUrl = "scheme";
  } else if (form.host.trim() === "") faults.host = "missing";
  else if (/[\s/@]/.test(form.host.trim())) faults.host = "host";
  for (const field of ["rtspPort", "httpPort", "onvifPort"] as const) {
    if (form[field].trim() !== "" && !isWhole(form[field], 1, 65_535)) faults[field] = "number";
  }
  if (vendor?.has_channels !== false && !isWhole(form.channel, 1, 512)) faults.channel = "number";
  return faults;
}

export function nameFaults(form: CameraForm): FieldFaults {
  const faults: FieldFaults = {};
  if (form.name.trim() === "") faults.name = "missing";
  if (form.cameraId.trim() !== "" && !IDENTIFIER.test(form.cameraId.trim())) faults.cameraId = "identifier";
  for (const [field, least, most] of [["latitude", -90, 90], ["longitude", -180, 180], ["bearing", 0, 360]] as const) {
    const value = numberIn(form[field]);
    if (form[field].trim() !== "" && (value === null || value < least || value > most)) faults[field] = "number";
  }
  const isHere = { latitude: form.latitude.trim() !== "", longitude: form.longitude.trim() !== "" };
  const isFaulty = faults.latitude !== undefined || faults.longitude !== undefined;
  if (isHere.latitude !== isHere.longitude && !isFaulty) faults[isHere.latitude ? "longitude" : "latitude"] = "pair";
  return faults;
}

const FIELD_OF_PATH: Readonly<Record<string, FieldName>> = {
  vendor: "vendor",
  host: "host",
  rtsp_port: "rtspPort",
  http_port: "httpPort",
  onvif_port: "onvifPort",
  channel: "channel",
  username: "username",
  password: "password",
  main_url: "mainUrl",
  sub_url: "subUrl",
  camera_id: "cameraId",
  name: "name",
  tenant_id: "tenantId",
  "place.label": "placeLabel",
  "place.latitude": "latitude",
  "place.longitude": "longitude",
  "place.bearing": "bearing",
};

/** The fields that a failure points to: those that the daemon names, or where the camera's answer leads. */
export function faultsOf(error: unknown, vendor: Vendor | undefined): FieldFaults {
  if (!(error instanceof Problem)) return {};
  const address = vendor?.needs_url ? "mainUrl" : "host";
  switch (error.code) {
    case "camera_unauthorized":
      return { username: "look", password: "look" };
    case "camera_path_not_found":
    case "camera_no_video":
      return vendor?.needs_url ? { mainUrl: "look" } : vendor?.has_channels === false ? { vendor: "look" } : { channel: "look" };
    case "camera_unreachable":
    case "camera_name_unresolved":
    case "invalid_address":
      return { [address]: "look" };
    case "camera_exists":
      return { cameraId: "refused" };
    default: {
      const named = error.faults.map((fault) => FIELD_OF_PATH[fault.path]).filter((field) => field !== undefined);
      return Object.fromEntries(named.map((field) => [field, "refused"]));
    }
  }
}

/** Whether anything was typed that would be missed; the vendor and the switches are chosen again in a moment. */
export function hasTyped(form: CameraForm): boolean {
  const typed = { ...form, vendor: "", channel: "", tenantId: "" };
  return Object.values(typed).some((value) => typeof value === "string" && value.trim() !== "");
}

/** Whether any of *faults* lies in the wizard's first step. */
export function concernsAccess(faults: FieldFaults): boolean {
  const later: readonly string[] = ["name", "cameraId", "placeLabel", "latitude", "longitude", "bearing", "tenantId"];
  return Object.keys(faults).some((field) => !later.includes(field));
}

/** The longest a check takes: a device of ONVIF is asked for its streams first, and each of the two has five seconds. */
export function checkSeconds(vendor: string): number {
  return vendor === "generic_onvif" ? 10 : 5;
}

/** What the probe needs; empty fields are left out, so that the vendor's usual values hold. */
export function probeBody(form: CameraForm, vendor: Vendor | undefined): ProbeBody {
  const body: ProbeBody = { vendor: form.vendor };
  if (form.username.trim() !== "") body.username = form.username.trim();
  if (form.password !== "" || body.username !== undefined) body.password = form.password;
  if (form.vendor === "generic_onvif" && body.username === undefined && body.password === undefined) body.anonymous = true;
  if (vendor?.needs_url) {
    body.main_url = form.mainUrl.trim();
    if (form.subUrl.trim() !== "") body.sub_url = form.subUrl.trim();
  } else {
    body.host = form.host.trim();
    const ports = { rtsp_port: form.rtspPort, http_port: form.httpPort, onvif_port: form.onvifPort };
    for (const [key, typed] of Object.entries(ports) as [keyof typeof ports, string][]) {
      const port = numberIn(typed);
      if (port !== null) body[key] = port;
    }
    const channel = numberIn(form.channel);
    if (channel !== null && vendor?.has_channels !== false) body.channel = channel;
  }
  return body;
}

export function placeOf(form: CameraForm): Place {
  return {
    latitude: numberIn(form.latitude),
    longitude: numberIn(form.longitude),
    bearing: numberIn(form.bearing),
    label: form.placeLabel.trim(),
  };
}

export function cameraBody(form: CameraForm, vendor: Vendor | undefined): CameraBody {
  const body: CameraBody = {
    ...probeBody(form, vendor),
    name: form.name.trim(),
    place: placeOf(form),
    record: form.record,
    enabled: form.enabled,
  };
  if (form.cameraId.trim() !== "") body.camera_id = form.cameraId.trim();
  if (form.tenantId !== "") body.tenant_id = form.tenantId;
  return body;
}

/** Only what was changed; an empty password field keeps the stored one. */
export function changesTo(camera: Camera, form: CameraForm, vendor: Vendor | undefined): Partial<CameraBody> {
  const before = cameraBody(formOf(camera), vendor);
  const after = cameraBody(form, vendor);
  const changes: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(after)) {
    if (key === "camera_id" || key === "anonymous" || (key === "password" && value === "")) continue;
    if (JSON.stringify(value) !== JSON.stringify(before[key as keyof CameraBody])) changes[key] = value;
  }
  if (form.username.trim() === "" && camera.username) changes.username = "";
  // A vendor whose addresses are built keeps no typed ones; an emptied field takes its address away.
  if (vendor?.needs_url) {
    if (form.subUrl.trim() === "" && camera.sub_url) changes.sub_url = null;
  } else if (form.vendor !== camera.vendor) {
    changes.main_url = null;
    changes.sub_url = null;
  }
  return changes as Partial<CameraBody>;
}

/** Put what somebody typed as a whole RTSP address into its fields: people paste them from elsewhere. */
export function splitTypedUrl(typed: string): { url: string; username: string; password: string } | null {
  const match = /^(rtsps?:\/\/)(?:([^@/]*)@)?(.+)$/i.exec(typed.trim());
  if (match === null) return null;
  const [, scheme = "", access, rest = ""] = match;
  const [username = "", ...password] = (access ?? "").split(":");
  return { url: scheme + rest, username: decoded(username), password: decoded(password.join(":")) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isWhole(typed: string, least: number, most: number): boolean {
  const value = numberIn(typed);
  return value !== null && Number.isInteger(value) && value >= least && value <= most;
}
