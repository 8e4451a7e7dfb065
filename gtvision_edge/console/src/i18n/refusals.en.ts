/** More of what the daemon refuses or cannot do now, in words; keys are its stable codes. */
import type { Text } from "./pt-BR";

export const refusals: Text["failures"] = {
  not_authenticated: { title: "The login is no longer good.", cure: "Log in again." },
  session_ended: { title: "The session has ended.", cure: "Log in again: this account's password or rights changed, or it was idle for long." },
  login_throttled: { title: "Too many wrong passwords.", cure: "Wait some minutes and try again." },
  unknown_route: { title: "The box does not know this request.", cure: "Reload the page: it may have been updated." },
  method_not_allowed: { title: "The box does not accept this request.", cure: "Reload the page: it may have been updated." },
  body_too_large: { title: "What was sent is too large.", cure: "Send less at a time." },
  body_too_slow: { title: "Sending took too long.", cure: "Check the network and try again." },
  foreign_origin: { title: "The request came from another address and was refused.", cure: "Open the page by the box's address; a proxy in front must pass the name (Host) on." },
  unknown_audit_entry: { title: "There is no such audit entry.", cure: "Check the number." },
  audit_tree_damaged: { title: "The audit log is incomplete.", cure: "Delete nothing and tell whoever is responsible: “gtvision-edge audit verify” shows where." },
  not_sealed: { title: "This recording is not sealed yet.", cure: "Seals are made hourly; try again later." },
  broken_site_key: { title: "The key that signs this site's documents is damaged.", cure: "Restore site.key from the backup." },
  broken_certificate: { title: "The certificate that signs the documents cannot be used.", cure: "Check its file and password in [papers] of edge.toml." },
  paper_failed: { title: "The document could not be made now.", cure: "Nothing was lost; ask again in a few seconds." },
  media_server_refused: { title: "The media server did not accept the request.", cure: "Try again; if it repeats, see the notes in Health." },
  media_server_unauthorized: { title: "The media server refuses this box.", cure: "In mediamtx.yml give this box's user the permission “api”, or correct user and password in [media] of edge.toml." },
  stream_unavailable: { title: "The camera has no picture now.", cure: "It comes back by itself; see the cause in Cameras." },
  unknown_stream_file: { title: "This piece of the video is past.", cure: "The player goes on from now." },
  no_picture: { title: "There is no picture of this camera yet.", cure: "Wait a few seconds." },
  no_webrtc: { title: "This box offers no WebRTC.", cure: "The video is shown by HLS." },
  whep_refused: { title: "This camera's video does not go through WebRTC.", cure: "The video is shown by HLS." },
  unknown_whep_session: { title: "This viewing has ended.", cure: "Open the video again." },
  too_many_whep_sessions: { title: "There are too many viewings at once.", cure: "Close some and try again." },
  unknown_export: { title: "This export no longer exists.", cure: "It may have been deleted, or its time is over." },
  no_footage_to_export: { title: "There is no recording in this interval to export.", cure: "Choose a recorded stretch on the timeline." },
  export_too_long: { title: "The interval is too long for one export.", cure: "Split it into shorter ones." },
  export_no_space: { title: "There is no room for the export.", cure: "Delete exports that were handed over, or make room on the disk." },
  export_not_ready: { title: "The export is not finished.", cure: "Wait until it is ready." },
  too_many_exports: { title: "There are too many exports waiting.", cure: "Wait for one to finish." },
  export_failed: { title: "The export failed.", cure: "Try again; if it repeats, give the code to support." },
  damaged_footage: { title: "A recorded file is damaged.", cure: "Export what lies before and after it, and check the disk in Health." },
  unknown_incident: { title: "This incident no longer exists.", cure: "Refresh the list." },
  incident_released: { title: "This incident was released.", cure: "Its recordings are no longer kept; open another one if they still exist." },
  purge_running: { title: "This purge goes on.", cure: "Its report comes when it is done." },
  unknown_purge: { title: "There is no such purge.", cure: "Refresh the list." },
  footage_held: { title: "An incident keeps recordings of this camera.", cure: "Release the incident first, or remove the camera without deleting its recordings." },
};

/** Why the media server counts as down: at the top of the page in a few words, in the health room with what to do. */
export const mediaTroubles: Text["mediaTroubles"] = {
  media_server_unavailable: { short: "media server does not answer", title: "The media server does not answer.", cure: "Until it is back nothing is recorded or shown. It is restarted by itself; if it lasts longer than 1 min, restart the box." },
  media_server_unauthorized: { short: "media server refuses access", title: "The media server refuses this box.", cure: "What was set up in it may go on recording, but nothing done here reaches it. In mediamtx.yml give this box's user the permission “api”, or correct user and password in [media] of edge.toml." },
  media_server_refused: { short: "media server answers with errors", title: "The media server answers with errors.", cure: "Nothing that is changed here reaches it. See MediaMTX's log, and its version." },
  not_asked_yet: { short: "looking for the media server", title: "Looking for the media server…", cure: "Takes a few seconds after the box starts." },
};
