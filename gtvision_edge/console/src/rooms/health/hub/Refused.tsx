import type { ParkedMessage } from "../../../api/hub";
import { text } from "../../../i18n";
import { dateTimeOf } from "../../../i18n/format";
import { hashOf } from "../../../state/route";
import { cameras, zone } from "../../../state/site";
import { ParkedList, type Parking } from "../lines/ParkedList";

/** What the hub refused ten times. */
export function Refused({ count }: { count: number }) {
  const t = text.value.hub;
  const kindOf = (message: ParkedMessage): string => t.kinds[message.routing_key] ?? message.routing_key;
  const whenOf = (message: ParkedMessage): string => dateTimeOf(message.accepted_at, zone.value);
  const parking: Parking<ParkedMessage, { messages: number }> = {
    path: "/uplink/parked",
    idOf: (message) => message.message_id,
    words: t,
    columns: [
      { title: t.kind, cell: kindOf },
      { title: t.camera, cell: (message) => <CameraOf message={message} /> },
      { title: t.accepted, kind: "mono", cell: whenOf },
    ],
    reasonOf: (message) => t.reasons[message.reason],
    nameOf: (message) => [kindOf(message), cameraName(message), whenOf(message)].filter((part) => part !== null).join(" · "),
    discardBody: () => t.discardBody,
    discardAllBody: t.discardAllBody,
    countOf: (told) => told.messages,
  };
  return <ParkedList parking={parking} count={count} />;
}

/** Its name where it is still known; null = the message is of none. */
function cameraName(message: ParkedMessage): string | null {
  return cameras.value?.find((each) => each.camera_id === message.camera_id)?.name ?? message.camera_id;
}

function CameraOf({ message }: { message: ParkedMessage }) {
  if (message.camera_id === null) return <span class="muted">—</span>;
  const camera = cameras.value?.find((each) => each.camera_id === message.camera_id);
  if (camera === undefined) return <span class="mono">{message.camera_id}</span>;
  return <a href={hashOf("cameras", camera.camera_id)}>{camera.name}</a>;
}
