/** What somebody should mend on the box, and how, in English. */

import { archiveFindings } from "./archive.en";
import { plateSource } from "./plateSource.en";
import type { Text } from "./pt-BR";

const word = (value: unknown): string => (typeof value === "string" ? value : "—");
/** The service that a restart of the media server means: our own lives inside the recorder. */
const service = (kind: unknown): string => (kind === "embedded" ? "gtvision-edge" : "mediamtx");
const list = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : "—");

export const mediaStates: Text["mediaStates"] = {
  media_server_unavailable: "down",
  media_server_silent: "does not answer",
  media_server_unauthorized: "wants a password",
  media_server_too_old: "old version",
  media_server_foreign: "another program in its place",
  media_server_odd: "makes no sense",
  media_server_refused: "refuses orders",
};

const CLOCK_TITLES: Record<string, string> = {
  leapt_far: "The box's clock leapt by more than a day: nothing is deleted by its age.",
  leapt_unsynced: "The box's clock leapt, and no time server confirmed it: nothing is deleted by its age.",
  behind_footage: "The box's clock is before the last recording: nothing is deleted by its age.",
};

const reasonOf = (words: Record<string, string>, reason: unknown): string | undefined => words[String(reason)];

const HUB_REFUSALS: Record<string, string> = {
  certificate_expired: "The certificate of the hub's RabbitMQ has expired: ask its team to renew it. If it has not, check this box's clock.",
  certificate_not_yet: "The certificate of the hub's RabbitMQ is not valid yet: this box's clock is most likely behind.",
  certificate_name: "The certificate of the hub's RabbitMQ is for another name: in [uplink] url of edge.toml, use the name that stands in it.",
  certificate: "The certificate of the hub's RabbitMQ is of an authority this box does not know: check ca_file in [uplink] of edge.toml.",
  tls: "The hub and this box do not agree on TLS: check amqps:// and the port in [uplink] url of edge.toml.",
  protocol: "What answers at the hub's address is no RabbitMQ: check host and port in [uplink] url of edge.toml.",
};

const PICTURE_REASONS: Record<string, string> = {
  picture_address_refused: "their address is not listed",
  picture_redirected: "their address points elsewhere",
  picture_denied: "their server refuses",
  picture_too_large: "they are too large",
  picture_no_jpeg: "they are no whole JPEGs",
  picture_unreachable: "their server does not answer",
  picture_key_lost: "the key that opened the address is lost",
  picture_not_kept: "this box's disk does not keep them",
};

export const findings: Text["findings"] = {
  ...archiveFindings,
  integrity_faults: () => ({
    title: "The comparison of disk and index found faults.",
    cure: "See which under Integrity below, and compare again once they are mended.",
  }),
  clock_in_doubt: ({ reason }) => ({
    title: CLOCK_TITLES[String(reason)] ?? "The box's clock is in doubt: nothing is deleted by its age.",
    cure: "“timedatectl” on the box shows the time and its time server. Once the time is right it is believed again by itself; after a leap of more than a day, only the next day.",
  }),
  media_server_unavailable: ({ kind }) => ({
    title: "The media server is down: nothing is recorded or shown live.",
    cure: `On the unit, “systemctl status ${service(kind)}” says why and “systemctl restart ${service(kind)}” starts it again. When it answers, recording begins again by itself.`,
  }),
  media_server_silent: ({ kind }) => ({
    title: "The media server hangs: it takes the connection and does not answer. Whether it records is not known.",
    cure: `If it lasts for more than a minute, restart it on the unit: “systemctl restart ${service(kind)}”. When it answers, all comes back by itself.`,
  }),
  media_server_unauthorized: () => ({
    title: "MediaMTX wants a password before it takes orders: no camera can be put on the air.",
    cure: "In authInternalUsers of mediamtx.yml give “any” with ips 127.0.0.1 and ::1 the permission “api”, as in the file that comes with this program. Then all comes back by itself.",
  }),
  media_server_foreign: () => ({
    title: "Another program answers at MediaMTX's address: nothing is recorded or shown live.",
    cure: "“ss -ltnp” on the unit says who has the port of media.api_url (edge.toml). Free it and start MediaMTX, or mend the address and restart with “systemctl restart gtvision-edge”.",
  }),
  media_server_odd: () => ({
    title: "What the media server answers makes no sense: it cannot be given orders.",
    cure: "See who has the port of media.api_url (“ss -ltnp”); if it is MediaMTX, restart it: “systemctl restart mediamtx”. When its answers are right, all comes back by itself.",
  }),
  media_server_refused: () => ({
    title: "MediaMTX answers with an error: no camera can be put on the air.",
    cure: "“journalctl -u mediamtx” on the unit says why. When it agrees, all comes back by itself.",
  }),
  media_server_too_old: ({ version, needed }) => ({
    title: typeof version === "string" ? `MediaMTX is old (${version}).` : "MediaMTX is too old to take orders: nothing is recorded or shown live.",
    cure: `Install version ${typeof needed === "string" ? needed : "1.20.1"} or newer.`,
  }),
  media_server_not_utc: ({ offset }) => ({
    title: `MediaMTX does not work in UTC (${word(offset)}): recordings carry the wrong time.`,
    cure: "Write Environment=TZ=UTC into its service (“systemctl edit mediamtx”) and restart it.",
  }),
  media_server_sees_no_folder: ({ folder }) => ({
    title: "MediaMTX receives the cameras, but nothing of what it records comes to the recordings disk.",
    cure: `If it runs in a container, mount there too, at the same path, ${typeof folder === "string" ? `the state folder (${folder})` : "this unit's state folder"} and the recordings disk; it records through a link in that folder. If not, “journalctl -u mediamtx” on the unit says what it cannot write.`,
  }),
  media_server_without_rtsp: () => ({
    title: "MediaMTX's RTSP is off: analytics get no video.",
    cure: "In mediamtx.yml, write rtsp: yes and rtspAddress: 127.0.0.1:8554.",
  }),
  media_server_secret_differs: () => ({
    title: "MediaMTX's HLS secret is not this unit's: live video may stop.",
    cure: "Write the same text into hlsCDNSecret (mediamtx.yml) and media.hls_secret (edge.toml) and restart with “systemctl restart gtvision-edge”.",
  }),
  media_server_missing: () => ({
    title: "MediaMTX was expected and did not answer at the start: the built-in server records in its place.",
    cure: "“systemctl status mediamtx” on the unit says why it does not start. If it is not to be used any more, write media.server = \"embedded\" into edge.toml and restart.",
  }),
  media_server_appeared: () => ({
    title: "MediaMTX is ready, but the built-in server is still in use.",
    cure: "To change to MediaMTX: “systemctl restart gtvision-edge”. Recording stops for a few seconds.",
  }),
  media_server_ports_taken: ({ ports }) => ({
    title: `Another program has port ${list(ports)}: the built-in server is on another.`,
    cure: "Recording is not affected; analytics by RTSP are, if it is their port. Free the port and restart. If it is a MediaMTX, switch on its API (api: yes).",
  }),
  media_server_open_to_publishers: () => ({
    title: "Anybody may send video to MediaMTX, without a password.",
    cure: "Take the permission “publish” from the user “any” in mediamtx.yml.",
  }),
  media_server_open_to_network: ({ listener, address }) => ({
    title: `MediaMTX serves the network on ${word(listener)} (${word(address)}), past the permissions kept here.`,
    cure: "In mediamtx.yml, write 127.0.0.1: before the port.",
  }),
  media_server_deletes_recordings: ({ after }) => ({
    title: `MediaMTX deletes recordings by itself, after ${word(after)}.`,
    cure: "In mediamtx.yml, under pathDefaults, write recordDeleteAfter: 0s.",
  }),
  media_server_takes_any_path: () => ({
    title: "MediaMTX takes paths that this box did not make.",
    cure: "Take “all_others” out of mediamtx.yml.",
  }),
  media_server_without_hls: () => ({
    title: "MediaMTX's HLS is off: there is no live video.",
    cure: "In mediamtx.yml, write hls: yes.",
  }),
  media_server_low_latency_hls: () => ({
    title: "MediaMTX's HLS runs in low latency, which uses up the browser's connections.",
    cure: "In mediamtx.yml, write hlsVariant: fmp4.",
  }),
  media_server_unexamined: () => ({
    title: "MediaMTX does not show all of its settings: whether they are right is not known.",
    cure: "In mediamtx.yml, give “any” with ips 127.0.0.1 and ::1 the permission “api”; “journalctl -u gtvision-edge” says what it did not answer.",
  }),
  media_path_wrong: ({ cameras }) => ({
    title: `The media server did not apply the settings of ${list(cameras)}.`,
    cure: "It is tried again by itself. If it stays, the camera's page says what it is; look at its address.",
  }),
  issuer_keys_gone: ({ issuer, source }) => ({
    title: `The key file of ${word(issuer)} is gone (${word(source)}): the logins it issues are refused.`,
    cure: "If the key was taken back on purpose, remove it from edge.toml too; else put the file back. It is read within seconds, without a restart.",
  }),
  issuer_keys_broken: ({ issuer, source, kept }) => ({
    title: `A key of ${word(issuer)} cannot be read (${word(source)}).`,
    cure: Number(kept) > 0 ? "The keys read before hold until the unit restarts. “gtvision-edge check” says what is wrong with the file." : "Logins signed with it are refused. “gtvision-edge check” says what is wrong with the file.",
  }),
  footage_unreachable: ({ directory }) => ({
    title: `Recordings out of reach: nobody can tell whose the folder ${word(directory)} is.`,
    cure: "Its file .camera.json, on the recordings disk, is damaged or missing, and the index does not tell whose it is. Write it again with {\"camera_uuid\": …, \"camera_id\": …} of the camera; the footage is back within 1 min. Nothing in it is deleted.",
  }),
  footage_unreadable: ({ directory, reason }) => ({
    title: `The folder ${word(directory)} of the recordings disk cannot be read (${word(reason)}): what lies in it is not on the timeline.`,
    cure: "Look at the disk on the unit (“dmesg”, “smartctl -a”): read errors call for a backup and a new disk. If it is a matter of rights, give the folder back to the service's user. Nothing in it is deleted.",
  }),
  volume_filled_by_others: ({ percent }) => ({
    title: `Other files take about ${Number(percent) || 0} % of the recordings disk, and the room that recordings need.`,
    cure: "On the unit, “du -xh --max-depth=2” on the recordings disk shows what grows there: remove it; exported bundles are deleted in Evidências. Without room within 1 min the oldest recordings are deleted.",
  }),
  hashing_behind: ({ hours }) => ({
    title: `Recordings have been waiting for their SHA-256 for over ${Number(hours) || 1} h: they are not sealed in the audit log yet.`,
    cure: "The unit or its disk is too busy; they are sealed as soon as it catches up. If it lasts, look on the unit (“top”) what else runs there, or use fewer cameras.",
  }),
  broken_certificate: () => ({
    title: "The certificate named in [papers] cannot be used: papers are signed with this unit's own.",
    cure: "Check its file and password in edge.toml; “journalctl -u gtvision-edge” says what is wrong. Then restart.",
  }),
  hub_unreachable: () => ({
    title: "The hub does not answer: readings wait on this unit.",
    cure: "Nothing is lost. Check the site's internet and the address in [uplink] of edge.toml.",
  }),
  hub_refused: ({ reason }) => ({
    title: "The hub does not let this unit publish.",
    cure: reasonOf(HUB_REFUSALS, reason) ?? "Ask the hub's team to check user, password and exchange; readings wait here.",
  }),
  hub_stalled: () => ({
    title: "The hub is connected and confirms nothing.",
    cure: "Its RabbitMQ hangs: tell its team. Readings wait here.",
  }),
  hub_takes_nothing: ({ reason }) => ({
    title: reason === "returned"
      ? "The hub sends every message back: no queue of it is bound for them."
      : "The hub sends every message back: its queue is full or does not take them.",
    cure: "Ask the hub's team to check the queue and what is bound to the exchange. Readings wait here; what was refused ten times is put aside and can be sent again from Hub.",
  }),
  hub_far_behind: ({ waiting, queue, depth }) => ({
    title: typeof queue === "string"
      ? `The hub is far behind: its queue ${queue} holds ${Number(depth).toLocaleString("en")} messages.`
      : `The hub is far behind${waiting === undefined ? "" : `: ${Number(waiting).toLocaleString("en")} messages wait for it`}.`,
    cure: typeof queue === "string"
      ? "Who takes them at the hub has stopped or is slow: tell its team."
      : "They are sent by themselves once the line is back, new ones first. If the line is good, the hub takes them too slowly.",
  }),
  hub_blocked: () => ({
    title: "The hub has said that it is out of memory or disk, and takes nothing now.",
    cure: "Tell the hub's team; readings wait here and leave by themselves when it takes them again.",
  }),
  hub_messages_given_up: ({ messages, reason }) => ({
    title: messages === undefined
      ? "Messages were given up and never reached the hub."
      : `${Number(messages).toLocaleString("en")} messages or more were given up and never reached the hub: ${reason === "age" ? "they had waited too long" : "there was no more room"}.`,
    cure: "The readings stay on this unit, and the audit log says how many messages they were and of when. The limits are keep and max_bytes, in [uplink] of edge.toml.",
  }),
  push_service_unreachable: ({ minutes }) => ({
    title: `Notice services have not answered for ${String(minutes)} min.`,
    cure: "The unit needs the internet (HTTPS) to tell phones and browsers. What waits is sent when it is back, if it is still news.",
  }),
  messages_parked: ({ parked }) => ({
    title: `${Number(parked).toLocaleString("en")} messages were refused by the hub many times and are put aside.`,
    cure: "What the hub takes goes on. Its team can tell why it refuses these; from Hub they can be sent again.",
  }),
  plate_pull_failing: ({ camera, camera_id: id, reason }) => ({
    title: `Readings of ${word(camera ?? id)} do not arrive: ${reasonOf(plateSource.states, reason) ?? word(reason)}.`,
    cure: reasonOf(plateSource.cures, reason) ?? "See the settings of the readings, in Cameras.",
  }),
  plate_clock_behind: ({ camera, camera_id: id, behind_s: seconds }) => ({
    title: `The clock of ${word(camera ?? id)} is ${Math.round(Number(seconds) / 60) || 1} min behind: its readings look old, and wanted plates raise no alert.`,
    cure: "Turn on NTP in the camera and check its time zone. If all cameras stand here, check this box's clock.",
  }),
  plate_pictures_failing: ({ cameras, reason }) => ({
    title: `Pictures of readings do not come, of ${Number(cameras).toLocaleString("en")} camera(s): ${PICTURE_REASONS[String(reason)] ?? word(reason)}.`,
    cure: "The readings stay, without picture. Who sends them names the address in imagem_url: this box must reach it, picture_sources (edge.toml, or the camera's settings) must list it, and it must be a JPEG of at most 5 MiB.",
  }),
};
