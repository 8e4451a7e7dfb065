import { describe, expect, it } from "vitest";
import { en } from "./en";
import { bytesOf, causeOf, mediaShort, mediaWord, spanOf, timeOf, whenOf } from "./format";
import { nearestLocale } from ".";
import css from "../ui/tokens.css?raw";
import { ptBR } from "./pt-BR";

function keysOf(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [at];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${at}.${key}`));
}

describe("the words", () => {
  it("are the same set in both languages", () => {
    expect(keysOf(en).sort()).toEqual(keysOf(ptBR).sort());
  });

  it("are never empty", () => {
    const empty = (texts: object): string[] => Object.entries(texts).flatMap(([key, value]): string[] => (value === "" ? [key] : typeof value === "object" && value !== null ? empty(value) : []));

    expect(empty(ptBR)).toEqual([]);
    expect(empty(en)).toEqual([]);
  });

  it("explain every failure of a camera with a cure, in words of its own", () => {
    const codes = Object.keys(ptBR.failures).filter((code) => code.startsWith("camera_"));

    expect(codes.length).toBeGreaterThanOrEqual(10);
    expect(new Set(codes.map((code) => ptBR.failures[code]?.title)).size).toBe(codes.length);
    for (const code of codes) expect(ptBR.failures[code]?.cure.length).toBeGreaterThan(5);
  });

  it("say what to mend of an object store where its reason is known, and what to check where it is not", () => {
    const cureOf = (reason: string): string | undefined => ptBR.findings.archive_refused?.({ reason }).cure;

    expect(cureOf("RequestTimeTooSkewed")).toContain("NTP");
    expect(cureOf("RequestTimeTooSkewed")).not.toContain("permissão");
    expect(cureOf("toString")).toContain("permissão");
    expect(cureOf("SomethingElse")).toContain("permissão");
  });
});

describe("times and sizes", () => {
  const NOON = Date.parse("2026-11-24T15:00:07Z");

  it("are shown in the site's zone", () => {
    expect(timeOf(NOON, "America/Sao_Paulo")).toBe("12:00:07");
    expect(timeOf(NOON, "America/Manaus")).toBe("11:00:07");
  });

  it("carry the date when it is not today's", () => {
    expect(whenOf(NOON, NOON + 60_000, "America/Sao_Paulo")).toBe("12:00:07");
    expect(whenOf(NOON, NOON + 86_400_000, "America/Sao_Paulo")).toBe("24/11/2026 12:00:07");
  });

  it("are a dash when unknown, never zero", () => {
    expect(timeOf(null, "UTC")).toBe("—");
    expect(bytesOf(null)).toBe("—");
    expect(spanOf(null)).toBe("—");
  });

  it("stay short", () => {
    expect(spanOf(59)).toBe("59 s");
    expect(spanOf(3_600 * 3 + 1_250)).toBe("3 h 20 min");
    expect(bytesOf(6.9e12)).toBe("6,9 TB");
  });

  it("say a known cause in words and pass on an unknown one", () => {
    expect(causeOf("camera_unauthorized")).toBe("senha recusada pela câmera");
    expect(causeOf("something_new")).toBe("something_new");
  });
});

describe("the language", () => {
  it("is Portuguese unless English is asked for", () => {
    expect(nearestLocale("en-US")).toBe("en");
    expect(nearestLocale("fr")).toBe("pt-BR");
    expect(nearestLocale(null)).toBe("pt-BR");
  });
});

describe("the colours", () => {

  const themes = { dark: css.slice(0, css.indexOf("[data-theme=light]")), light: css.slice(css.indexOf("[data-theme=light]")) };

  const TEXTS = ["text", "text-2", "text-3", "accent", "alarm", "warn"];
  const SURFACES = ["bg", "surface-1", "surface-2"];
  const PAIRS: [string, string][] = [
    ...TEXTS.flatMap((one) => SURFACES.map((other): [string, string] => [one, other])),
    ["text", "surface-3"],
    ["text-2", "surface-3"],
    ["accent-ink", "accent"],
    ["alarm", "alarm-bg"],
    ["text", "alarm-bg"],
    ["text-2", "alarm-bg"],
    ["warn", "warn-bg"],
    ["text", "warn-bg"],
    ["text-2", "warn-bg"],
    ["held", "held-bg"],
  ];

  it.each(Object.keys(themes) as (keyof typeof themes)[])("of the %s theme can be read: at least 4.5 to 1", (theme) => {
    const tokens = new Map([...themes[theme].matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6})/g)].map((match) => [match[1], match[2]]));
    expect(tokens.size).toBeGreaterThan(15);
    const poor = PAIRS.filter(([ink, paper]) => contrast(tokens.get(ink) ?? "", tokens.get(paper) ?? "") < 4.5);

    expect(poor).toEqual([]);
  });
});

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

it("says what the media server does only once it was asked", () => {
  const server = { kind: null, version: null, state: "unknown", error: null } as const;

  expect(mediaWord(null)).toBe("—");
  expect(mediaWord(server)).toBe("—");
  expect(mediaWord({ ...server, state: "up" })).toBe("funcionando");
  expect(mediaWord({ ...server, state: "down", error: "media_server_unauthorized" })).toBe("pede senha");
  expect(mediaWord({ ...server, state: "down", error: "something_new" })).toBe("parado");
  expect([mediaShort("media_server_silent"), mediaShort("something_new")]).toEqual(["Servidor de mídia: não responde", "Servidor de mídia: parado"]);
});

describe("bundles of an incident", () => {
  it("are ready, being made, or without a file; none is called another state", () => {
    expect(ptBR.evidence.packagesOf(1, 1, 0)).toBe("1 pronto, 1 sendo feito");
    expect(ptBR.evidence.packagesOf(0, 0, 2)).toBe("2 sem arquivo");
    expect(ptBR.evidence.packagesOf(0, 0, 0)).toBe("nenhum ainda");
  });
});

describe("a watched plate", () => {
  it("has one name wherever it is said", () => {
    expect(new Set([ptBR.notices.topics.plates, ptBR.plates.alerts.wanted, ptBR.readingMarks.wantedWord])).toEqual(new Set(["Placa monitorada"]));
    expect(new Set([en.notices.topics.plates, en.plates.alerts.wanted, en.readingMarks.wantedWord])).toEqual(new Set(["Wanted plate"]));
  });
});

describe("alarms that people of one tenant get without their facts", () => {
  it("say no number that nobody told them", () => {
    for (const words of [ptBR, en])
      for (const code of ["hub_far_behind", "hub_messages_given_up"]) expect(words.findings[code]?.({}).title).not.toMatch(/NaN|undefined/);
  });
});
