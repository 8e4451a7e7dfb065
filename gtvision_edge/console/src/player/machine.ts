/**
 * The life of one tile's connection, as a pure function of events.
 *
 * It knows no browser: the controller feeds it what happened and does what it asks for. It never ends in
 * a state that needs a person; every failure schedules the next attempt.
 */
import { phaseAt, type Phase } from "./ladder";

export type TransportKind = "webrtc" | "ws" | "hls";

export interface Machine {
  transport: TransportKind;
  /** May be tried in turn; the first is preferred. */
  allowed: readonly TransportKind[];
  link: "idle" | "connecting" | "open" | "waiting";
  /** When the present link state began. */
  linkSince: number;
  /** When data last arrived, null before the first of this connection. */
  dataAt: number | null;
  /** When the picture last moved, or when the tile began. */
  movedAt: number;
  hasPicture: boolean;
  delayMs: number | null;
  /** The newest picture's own time (UTC ms by the site's clock), kept over reconnects. */
  pictureAt: number | null;
  /** Connections in a row that brought no moving picture. */
  failures: number;
  retryAt: number | null;
  /** When the live edge was last jumped to because the picture stood still. */
  nudgedAt: number | null;
  /** The server shows its own picture instead of the camera's. */
  isPlaceholder: boolean;
  /** Transports that were not to be had, how often in a row, and until when they are left alone. */
  absences: Partial<Record<TransportKind, Absence>>;
  /** Transports that have brought data to this tile. */
  proven: readonly TransportKind[];
  /** A codec that this browser does not play; holds until a picture moves. */
  unplayable: string | null;
  /** The better way that is looked for beside the picture, without touching it, while another one plays; null = none. */
  better: TransportKind | null;
  isScouting: boolean;
  /** When to look for it next. */
  scoutAt: number;
  scoutPauseMs: number;
}

export interface Absence {
  times: number;
  until: number;
}

/**
 * Why a connection ended: "unavailable" = the server is there and has no picture, "down" = the daemon says that the media
 * server does not answer, "absent" = it does not offer this transport, "broken" = anything else.
 */
export type Ending = "unavailable" | "down" | "absent" | "broken";

export type Happening =
  | { kind: "start" }
  | { kind: "data" }
  | { kind: "moved"; delayMs: number | null; pictureAt: number | null }
  | { kind: "closed"; why?: Ending }
  | { kind: "placeholder" }
  | { kind: "queued" }
  | { kind: "unsupported"; codec: string }
  | { kind: "shown" }
  /** The media server answers again. */
  | { kind: "server up" }
  /** What came of looking for the better way; "not tried" for reasons that have nothing to do with it. */
  | { kind: "scouted"; found: boolean | "not tried" }
  | { kind: "tick" };

export type Wish = "connect" | "disconnect" | "jump" | "scout" | "adopt";

export interface Step {
  machine: Machine;
  wishes: Wish[];
}

/** WebRTC waits for a path on demand before it answers; the transport itself gives up where no picture follows. */
const CONNECT_MS = { webrtc: 21_000, ws: 6_000, hls: 15_000 } as const;
const SILENCE_MS = { webrtc: 6_000, ws: 6_000, hls: 15_000 } as const;
/** A picture that stands still while data arrives: jump to the edge, then start over. */
const NUDGE_MS = 2_500;
const STUCK_MS = 9_000;
const FIRST_RETRY_MS = 500;
/** Somebody may have changed the camera to a codec that plays. */
const UNPLAYABLE_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 6_000;
/** While the media server is known to be down nothing can come of it; the daemon tells when that is over. */
const FIRST_DOWN_RETRY_MS = 4_000;
const LONGEST_DOWN_RETRY_MS = 30_000;
/** Fruitless connections before the other transport gets its turn: soon if this one never worked, late if it did. */
const SWITCH_AFTER = 2;
const SWITCH_AFTER_WORKING = 8;
/** How long the second choice plays before the preferred one is tried again. */
const RETURN_AFTER_MS = 120_000;
/** A better way is looked for this soon, then twice as late each time. */
const FIRST_SCOUT_MS = 30_000;
const LONGEST_SCOUT_MS = 600_000;
/** A transport that is not offered may be later, as after a change of the media server; each time in vain doubles the wait. */
const FIRST_ABSENCE_MS = 120_000;
const LONGEST_ABSENCE_MS = 3_600_000;

/** The picture that another player left in sight: its own time (UTC ms), and when it last moved by the machine's clock. */
export interface Inherited {
  pictureAt: number;
  movedAt: number;
}

/** *better* is looked for beside the picture while one of *allowed* plays that is not it. */
export function begin(allowed: readonly TransportKind[], now: number, better: TransportKind | null = null, left: Inherited | null = null): Machine {
  return {
    transport: allowed[0] ?? "hls",
    allowed,
    link: "idle",
    linkSince: now,
    dataAt: null,
    movedAt: left?.movedAt ?? now,
    hasPicture: false,
    delayMs: null,
    pictureAt: left?.pictureAt ?? null,
    failures: 0,
    retryAt: null,
    nudgedAt: null,
    isPlaceholder: false,
    absences: {},
    proven: [],
    unplayable: null,
    better,
    isScouting: false,
    scoutAt: now + FIRST_SCOUT_MS,
    scoutPauseMs: FIRST_SCOUT_MS,
  };
}

/** The delay before attempt *failures*; *chance* in [0, 1) spreads many tiles that failed together. */
export function retryDelay(failures: number, chance: number, isDown = false): number {
  const [first, longest] = isDown ? [FIRST_DOWN_RETRY_MS, LONGEST_DOWN_RETRY_MS] : [FIRST_RETRY_MS, LONGEST_RETRY_MS];
  const full = Math.min(longest, first * 2 ** Math.min(failures, 10));
  return full * (0.7 + 0.6 * chance);
}

export function phaseOf(machine: Machine, now: number): Phase {
  return machine.unplayable === null ? phaseAt(machine, now) : "unplayable";
}

export function step(machine: Machine, happening: Happening, now: number, chance = Math.random()): Step {
  switch (happening.kind) {
    case "start":
      return connect(machine, now);
    case "data":
      if (machine.link !== "connecting" && machine.link !== "open") return same(machine);
      return same({
        ...machine,
        link: "open",
        linkSince: machine.link === "open" ? machine.linkSince : now,
        dataAt: now,
        absences: { ...machine.absences, [machine.transport]: undefined },
        proven: machine.proven.includes(machine.transport) ? machine.proven : [...machine.proven, machine.transport],
      });
    case "moved":
      return same({
        ...machine,
        hasPicture: true,
        isPlaceholder: false,
        unplayable: null,
        movedAt: now,
        delayMs: happening.delayMs,
        pictureAt: happening.pictureAt ?? machine.pictureAt,
        failures: 0,
        nudgedAt: null,
      });
    case "closed":
      if (machine.link === "waiting" || machine.link === "idle") return same(machine);
      if (happening.why === "absent") return wait(without(machine, machine.transport, now), now, chance);
      return wait(machine, now, chance, happening.why);
    case "placeholder":
      // The server keeps the stream going until the camera is back: nothing to start over.
      return same({ ...machine, link: "open", linkSince: now, dataAt: now, isPlaceholder: true });
    case "queued":
      return machine.link === "connecting" ? same({ ...machine, linkSince: now }) : same(machine);
    case "unsupported":
      return {
        machine: { ...machine, unplayable: happening.codec, isScouting: false, link: "waiting", linkSince: now, retryAt: now + UNPLAYABLE_RETRY_MS },
        wishes: ["disconnect"],
      };
    case "shown":
      // A tab that comes back: to the edge if connected, at once to the next attempt if not.
      if (machine.link === "waiting") return connect({ ...machine, failures: 0 }, now);
      return { machine: { ...machine, nudgedAt: now }, wishes: ["jump"] };
    case "server up":
      return machine.link === "waiting" && machine.unplayable === null ? connect({ ...machine, failures: 0 }, now) : same(machine);
    case "scouted":
      return scouted(machine, happening.found, now, chance);
    case "tick":
      return tick(machine, now, chance);
  }
}

function tick(machine: Machine, now: number, chance: number): Step {
  if (machine.link === "idle") return same(machine);
  if (machine.link === "waiting") {
    return machine.retryAt !== null && now >= machine.retryAt ? connect(machine, now) : same(machine);
  }
  if (machine.link === "connecting") {
    return now - machine.linkSince >= CONNECT_MS[machine.transport] ? giveUp(machine, now, chance) : same(machine);
  }
  if (now - (machine.dataAt ?? machine.linkSince) >= SILENCE_MS[machine.transport]) return giveUp(machine, now, chance);
  if (shouldScout(machine, now)) return { machine: { ...machine, isScouting: true }, wishes: ["scout"] };
  const first = usable(machine, now)[0];
  const preferred = first === machine.better ? undefined : first;
  if (preferred !== undefined && machine.transport !== preferred && now - machine.linkSince >= RETURN_AFTER_MS) {
    return connect({ ...machine, transport: preferred, failures: 0 }, now);
  }
  const stillSince = Math.max(machine.movedAt, machine.linkSince);
  const stuckMs = machine.transport === "hls" ? STUCK_MS * 2 : STUCK_MS;
  if (now - stillSince >= stuckMs) return giveUp(machine, now, chance);
  const nudgeMs = machine.transport === "hls" ? NUDGE_MS * 2 : NUDGE_MS;
  if (now - stillSince >= nudgeMs && now - (machine.nudgedAt ?? 0) >= nudgeMs) {
    return { machine: { ...machine, nudgedAt: now }, wishes: ["jump"] };
  }
  return same(machine);
}

function shouldScout(machine: Machine, now: number): boolean {
  const isBetterPlayed = machine.better === null || machine.transport === machine.better;
  return machine.hasPicture && !isBetterPlayed && !machine.isScouting && now >= machine.scoutAt;
}

/** Take the better way if there is one by now, else look again later; the picture goes on either way. */
function scouted(machine: Machine, found: boolean | "not tried", now: number, chance: number): Step {
  if (!machine.isScouting || machine.better === null) return same(machine);
  if (found === true) {
    const allowed = [machine.better, ...machine.allowed.filter((each) => each !== machine.better)];
    const taken: Machine = { ...machine, transport: machine.better, allowed, link: "open", linkSince: now, dataAt: now, movedAt: now };
    return { machine: { ...taken, isScouting: false, failures: 0, delayMs: null, nudgedAt: null, scoutPauseMs: FIRST_SCOUT_MS }, wishes: ["adopt"] };
  }
  const scoutPauseMs = found === "not tried" ? machine.scoutPauseMs : Math.min(LONGEST_SCOUT_MS, machine.scoutPauseMs * 2);
  return same({ ...machine, isScouting: false, scoutPauseMs, scoutAt: now + scoutPauseMs * (0.7 + 0.6 * chance) });
}

function connect(machine: Machine, now: number): Step {
  return {
    machine: { ...machine, isScouting: false, link: "connecting", linkSince: now, dataAt: null, retryAt: null, nudgedAt: null, isPlaceholder: false },
    wishes: ["connect"],
  };
}

function giveUp(machine: Machine, now: number, chance: number): Step {
  const { machine: next } = wait(machine, now, chance);
  return { machine: next, wishes: ["disconnect"] };
}

function wait(machine: Machine, now: number, chance: number, why: Ending = "broken"): Step {
  const keepsTransport = why === "unavailable" || why === "down";
  const failures = machine.failures + 1;
  return same({
    ...machine,
    failures,
    isScouting: false,
    scoutAt: Math.max(machine.scoutAt, now + FIRST_SCOUT_MS),
    transport: keepsTransport ? machine.transport : transportFor(machine, failures, now),
    link: "waiting",
    linkSince: now,
    dataAt: null,
    retryAt: now + retryDelay(failures - 1, chance, why === "down"),
  });
}

/**
 * Take turns after every few fruitless connections: a server that has no WebSocket still has HLS. A socket
 * that has worked before is rather waiting for a camera or the daemon than for the other transport.
 */
function transportFor(machine: Machine, failures: number, now: number): TransportKind {
  const patience = machine.proven.includes(machine.transport) ? SWITCH_AFTER_WORKING : SWITCH_AFTER;
  const ways = usable(machine, now);
  if (ways.length < 2 || failures % patience !== 0) return machine.transport;
  return ways[(ways.indexOf(machine.transport) + 1) % ways.length] ?? machine.transport;
}

/** What may be tried now, the preferred one first; all of it when nothing is left. */
function usable(machine: Machine, now: number): readonly TransportKind[] {
  const ways = machine.allowed.filter((kind) => (machine.absences[kind]?.until ?? 0) <= now);
  return ways.length === 0 ? machine.allowed : ways;
}

/** Leave *kind* alone for some time; its place is taken by what is left. */
function without(machine: Machine, kind: TransportKind, now: number): Machine {
  const times = (machine.absences[kind]?.times ?? 0) + 1;
  const until = now + Math.min(LONGEST_ABSENCE_MS, FIRST_ABSENCE_MS * 2 ** (times - 1));
  const next = { ...machine, absences: { ...machine.absences, [kind]: { times, until } } };
  return machine.allowed.length < 2 ? next : { ...next, transport: usable(next, now)[0] ?? kind, failures: 0 };
}

function same(machine: Machine): Step {
  return { machine, wishes: [] };
}
