import type { Text } from "./pt-BR";

export const failures: Text["failures"] = {
  password_change_required: {
    title: "This password is temporary.",
    cure: "Choose one that only you know.",
  },
  camera_unauthorized: {
    title: "The camera refused the user or the password.",
    cure: "Check both, capitals included. Do not insist: many cameras lock the address after 5 errors.",
  },
  camera_path_not_found: {
    title: "The camera answered but does not know this video.",
    cure: "Check vendor and channel. On a recorder or DVR the channel is the number of the input.",
  },
  camera_unreachable: {
    title: "Nothing answered at this address.",
    cure: "Check the address, power and cable, and that the camera is on the same network as this unit.",
  },
  camera_timeout: {
    title: "The camera did not answer in time.",
    cure: "It may hang, or the network is very slow. Restart the camera and check again.",
  },
  camera_no_video: {
    title: "The camera answered but has no video on this channel.",
    cure: "Check the channel, and that video is switched on in the camera.",
  },
  camera_no_data: {
    title: "The camera announces video but sends no pictures.",
    cure: "Restart the camera. If it goes on, switch off its “smart codec” and choose H.264.",
  },
  camera_bad_response: {
    title: "The device answered in a way that makes no sense.",
    cure: "Check the RTSP port (usually 554): it may be another service, or another device at this address.",
  },
  camera_busy: {
    title: "The camera takes no more connections.",
    cure: "Close other programs that watch this camera, or raise its connection limit.",
  },
  camera_unsupported_auth: {
    title: "The camera asks for a kind of password that is not known.",
    cure: "In the camera's settings choose “digest” authentication for RTSP and ONVIF.",
  },
  camera_name_unresolved: {
    title: "This name was not found on the network.",
    cure: "Check the spelling, or use the camera's IP address.",
  },
  camera_error: { title: "The camera could not be checked.", cure: "Check again; if it repeats, restart the camera." },
  camera_exists: { title: "This identifier is taken.", cure: "Choose another, or leave it empty." },
  camera_changed_meanwhile: {
    title: "Somebody else changed this camera just now.",
    cure: "Close, see how it is, and change it again.",
  },
  camera_key_lost: {
    title: "The stored password of this camera can no longer be read.",
    cure: "Type the camera's password again and save.",
  },
  broken_camera_key: {
    title: "The key that protects the camera passwords is damaged.",
    cure: "Restore the key file from its backup.",
  },
  onvif_not_supported: {
    title: "This device did not answer as an ONVIF camera.",
    cure: "Switch ONVIF on in the camera and check the port (80, 8000, 2020 or 8899); or choose the vendor from the list.",
  },
  onvif_bad_response: {
    title: "The camera answered to ONVIF in a way that is not safe to use.",
    cure: "Choose the vendor from the list, or generic RTSP with the address of the video.",
  },
  discovery_busy: {
    title: "Someone else is already looking for cameras.",
    cure: "Wait a few seconds and search again.",
  },
  discovery_impossible: {
    title: "Searching was not possible: this unit cannot send questions to the network.",
    cure: "Check the cable and the IP address of the cameras' network card and, if there is one, the firewall; or type the camera's IP.",
  },
  probe_busy: { title: "Too many checks at the same time.", cure: "Wait some seconds and check again." },
  unknown_vendor: { title: "This vendor is not known.", cure: "Choose another, or generic RTSP with the whole address." },
  invalid_address: { title: "This address is not valid.", cure: "Use an IP such as 192.168.1.100, or a name, without slashes or spaces." },
  wrong_credentials: { title: "Wrong user name or password.", cure: "Check both and try again." },
  unknown_camera: { title: "This camera no longer exists.", cure: "Somebody else may have removed it." },
  no_footage: { title: "There is no recording of this moment.", cure: "The timeline shows what was recorded." },
  span_too_long: { title: "The interval is too long.", cure: "Choose a shorter stretch." },
  unknown_segment: { title: "This recording no longer exists.", cure: "It may have been deleted when its time was over; reload the page." },
  pictures_busy: { title: "Too many pictures at once.", cure: "Wait a moment and try again." },
  unknown_mosaic: { title: "This mosaic no longer exists.", cure: "Somebody else may have deleted it." },
  wrong_password: { title: "The current password is wrong.", cure: "Type the password you signed in with." },
  last_admin: { title: "This is the last administrator.", cure: "Give the role to somebody else first." },
  login_busy: { title: "Many people are signing in at once.", cure: "Wait some seconds and try again." },
  tenant_exists: { title: "There is an organisation of this name already.", cure: "Choose another." },
  unknown_tenant: { title: "This organisation does not exist.", cure: "Choose another from the list." },
  storage_unavailable: {
    title: "The unit could not store the change.",
    cure: "Look at the disk in Health and try again.",
  },
  unknown_user: { title: "This user no longer exists.", cure: "Somebody else may have removed it." },
  username_taken: { title: "There is a user of this name already.", cure: "Choose another." },
  weak_password: { title: "This password is weak.", cure: "Use a phrase of at least 10 characters." },
  media_server_odd: {
    title: "What answers in the media server's place is no media server.",
    cure: "See whether another program has its API's port, and the address in media.api_url.",
  },
  media_server_unavailable: {
    title: "The media server does not answer.",
    cure: "It is restarted automatically. Try again in a few seconds.",
  },
  malformed_push: { title: "What the camera sent cannot be read.", cure: "Check the kind of upload in the camera (ISAPI, ITSAPI or webhook)." },
  picture_not_kept: { title: "The reading's picture could not be stored.", cure: "The state disk may be full or broken; the camera sends it again." },
  purpose_required: { title: "Say what the plate is searched for.", cure: "Write the reason, such as a case number; it goes into the audit log." },
  no_push_secret: { title: "This camera has no secret for sending yet.", cure: "Make the secret first." },
  push_refused: { title: "This reading was not accepted: unknown camera or signature.", cure: "Check the camera's secret at the integrator." },
  reading_time_refused: { title: "The reading is of a time that is not taken here.", cure: "Set the sender's clock and time zone; readings of more than 400 days ago are not taken." },
  stale_push: { title: "The reading's time is too far from this unit's.", cure: "Set the sender's clock (NTP)." },
  too_many_pushes: { title: "Too many readings in a short time.", cure: "The integrator should send them again later." },
  no_detection_picture: { title: "This reading has no such picture.", cure: "It may still come, or have been taken away because it was old." },
  picture_lost: { title: "The file of this picture is gone.", cure: "Nobody took it away: look at the box's disk in Health." },
  unknown_detection: { title: "This reading no longer exists.", cure: "It may have been anonymised; reload the page." },
  unknown_alert: { title: "This alert does not exist, or no longer.", cure: "Reload the page." },
  not_acknowledged: { title: "This alert waits again already.", cure: "Reload the page." },
  acknowledgement_stands: { title: "It cannot be undone any more: a minute has passed, or somebody else acknowledged it.", cure: "The alert says who and when." },
  already_acknowledged: { title: "Somebody acknowledged this alert before.", cure: "Reload the page to see who and when." },
  unknown_message: { title: "This message is no longer put aside.", cure: "Somebody has sent it again or discarded it; reload the page." },
  unknown_copy: { title: "This copy is no longer put aside.", cure: "Somebody has had it tried again or given it up; reload the page." },
  unknown_watch: { title: "This plate is no longer on the watchlist.", cure: "Somebody may have taken it off; reload the page." },
  already_watched: { title: "This plate is on the watchlist already.", cure: "The old and the Mercosul form are the same vehicle: change the entry that is there." },
};

/** Which of a camera's doors refused the login, by `via` of the daemon's answer. */
export const doors: Record<string, string> = {
  onvif: "Refused by ONVIF; some brands have ONVIF users of their own, made in the camera's settings.",
  rtsp: "Refused by the video (RTSP).",
};

/** What is wrong with the recordings volume; keys are the daemon's stable codes. */
export const volumes: Text["volumes"] = {
  volume_missing: {
    title: "Nothing is being recorded: the recording disk is not mounted.",
    cure: "Check the disk's cable and power and mount it; recording begins again by itself. If it was replaced by a new one, mount that and run “gtvision-edge volume adopt” on the unit.",
  },
  volume_full: {
    title: "Disk full: recording fails.",
    cure: "Delete old recordings or fit a larger disk; recording begins again by itself.",
  },
  breaker_open: {
    title: "Recording paused: the disk is nearly full. Live goes on.",
    cure: "The oldest recordings are deleted by themselves, but for those kept as incidents. Release incidents that are not needed any more, delete other files on the disk or fit a larger one; recording begins again by itself a minute later.",
  },
  volume_foreign: {
    title: "Nothing is being recorded: the mounted disk belongs to another unit.",
    cure: "Mount this unit's disk.",
  },
  volume_marker_odd: {
    title: "Nothing is being recorded: the mounted disk does not say whose it is.",
    cure: "The disk's .gtvision-volume.json is damaged. Mount the right disk; if this is the right one, delete that file and run “gtvision-edge volume adopt”.",
  },
  volume_note_damaged: {
    title: "Nothing is being recorded: which disk is this unit's is no longer known.",
    cure: "volume.json in the state folder is damaged. Mount this unit's disk and recording begins by itself; with a new disk, run “gtvision-edge volume adopt”.",
  },
  volume_unwritable: {
    title: "Nothing is being recorded: the disk cannot be written.",
    cure: "It may be write-protected, faulty or without permission. Look at the system's log, and replace the disk if it shows errors.",
  },
  volume_hangs: {
    title: "Nothing is being recorded: the disk does not answer.",
    cure: "Check the disk's cable or network; if it goes on, restart the unit and replace the disk.",
  },
  volume_unusable: {
    title: "Nothing is being recorded: the disk was not looked at yet.",
    cure: "Wait some seconds; if it goes on, restart the unit.",
  },
};

export const causes: Text["causes"] = {
  volume_missing: "disk not mounted",
  volume_full: "disk full",
  breaker_open: "disk nearly full",
  volume_foreign: "another unit's disk",
  volume_marker_odd: "disk does not say whose it is",
  volume_note_damaged: "this unit's disk not known",
  volume_unwritable: "disk cannot be written",
  volume_hangs: "disk does not answer",
  camera_unauthorized: "password refused by the camera",
  camera_path_not_found: "the camera does not know this video",
  camera_unreachable: "nothing answers at the address",
  camera_timeout: "the camera does not answer",
  camera_no_video: "the camera has no video",
  camera_no_data: "the camera sends no pictures",
  camera_bad_response: "an answer that makes no sense",
  camera_busy: "the camera takes no more connections",
  camera_unsupported_auth: "unknown kind of password",
  camera_name_unresolved: "name not found on the network",
  not_applied: "the media server did not apply the settings",
  restarted: "the unit restarted",
  service_restarted: "the recording service restarted",
  camera_error: "the camera had an error",
  source_unauthorized: "password refused by the camera",
  source_unreachable: "nothing answers at the address",
  source_no_video: "the camera has no video",
  source_failed: "the connection to the camera broke",
  no_stream: "the camera answers, but its picture does not reach the media server",
  not_recording: "there is a picture, but nothing is recorded",
  recording_off: "recording is switched off for this camera",
  internal: "an error in the box while checking the camera",
  camera_key_lost: "the stored password can no longer be read",
  volume_unusable: "disk not checked yet",
  onvif_not_supported: "the camera did not answer ONVIF",
  onvif_bad_response: "an ONVIF answer that is not used",
  media_server_unavailable: "media server down",
  media_server_silent: "media server does not answer",
  media_server_unauthorized: "media server wants a password",
  media_server_too_old: "media server too old",
  media_server_foreign: "another program in the media server's place",
  media_server_odd: "the media server answers what makes no sense",
  media_server_refused: "media server refuses orders",
};

const number = (value: unknown): string =>
  typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 1 }) : "—";

export const warnings: Text["warnings"] = {
  h265_in_browser: () => ({
    title: "H.265 does not play in many browsers.",
    cure: "Live uses the sub stream if that is H.264. The recording stays as it is.",
  }),
  long_keyframe_interval: (facts) => ({
    title: `A key frame every ${number(facts.seconds)} s${facts.at_least ? " or more" : ""}.`,
    cure: "Live starts slowly and cuts are imprecise. In the camera: Video → I-frame interval of 2 × the frame rate.",
  }),
  smart_codec: () => ({
    title: "“Smart codec” is on.",
    cure: "It spreads key frames and breaks recordings. In the camera: switch off H.264+/H.265+, Smart Codec or Zipstream.",
  }),
  no_sub_stream: () => ({
    title: "No sub stream.",
    cure: "The mosaic uses the heavier main stream. In the camera: switch on an H.264 sub stream, 640×360.",
  }),
  clock_off: (facts) => ({
    title: `The camera's clock is ${number(Math.abs(Number(facts.seconds)))} s ${Number(facts.seconds) >= 0 ? "ahead" : "behind"}.`,
    cure: "The time burnt into the picture is wrong. In the camera: System → Date and time → NTP.",
  }),
  audio_not_in_browser: (facts) => ({
    title: `Audio ${String(facts.codec ?? "—")} does not play in browsers.`,
    cure: "Video is not affected. In the camera: Audio → AAC.",
  }),
  audio_not_in_playback: (facts) => ({
    title: `Audio ${String(facts.codec ?? "—")} will not be heard in recordings.`,
    cure: "Video is not affected. In the camera: Audio → AAC.",
  }),
  unknown_video_codec: (facts) => ({
    title: `Video in ${String(facts.codec ?? "—")}, which is not known.`,
    cure: "In the camera: Video → H.264.",
  }),
};
