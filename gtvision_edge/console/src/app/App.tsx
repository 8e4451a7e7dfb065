import "./shell.css";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { text } from "../i18n";
import { CamerasRoom } from "../rooms/cameras/CamerasRoom";
import { EvidenceRoom } from "../rooms/evidence/EvidenceRoom";
import { HealthRoom } from "../rooms/health/HealthRoom";
import { InvestigateRoom } from "../rooms/investigate/InvestigateRoom";
import { LiveRoom } from "../rooms/live/LiveRoom";
import { draft } from "../rooms/live/store";
import { PlatesRoom } from "../rooms/plates/PlatesRoom";
import { SettingsRoom } from "../rooms/settings/SettingsRoom";
import { watchAlerts } from "../state/alerts";
import { onKeys } from "../state/keys";
import { confirm, followNotices } from "../state/notices";
import { may } from "../state/permissions";
import { route } from "../state/route";
import { loginState, me } from "../state/session";
import { watchSite } from "../state/site";
import { watchStorage } from "../state/storage";
import { guardWork } from "../state/unsaved";
import { Empty } from "../ui/parts";
import { AlertBanner } from "./AlertBanner";
import { KeyHelp } from "./KeyHelp";
import { LinkBanner } from "./LinkBanner";
import { LoginOverlay, LoginPage } from "./Login";
import { MustChangePassword } from "./PasswordForm";
import { Rail, roomsFor } from "./Rail";
import { Toasts } from "./Toasts";
import { TopBar } from "./TopBar";

export function App() {
  if (me.value === null) return loginState.value === "asking" ? <LoginPage /> : <Opening />;
  // The unit answers nothing else until it is done.
  if (me.value.must_change_password && loginState.value === "in") return <MustChangePassword />;
  return (
    <>
      <Shell />
      {loginState.value === "asking" && <LoginOverlay />}
    </>
  );
}

/** Before the first answer: the brand, and the banner if nobody answers. */
function Opening() {
  return (
    <div class="shell">
      <header class="top">
        <span class="brand">GT-Vision</span>
      </header>
      <LinkBanner />
    </div>
  );
}

function Shell() {
  const [showsKeys, setShowsKeys] = useState(false);
  useEffect(() => watchSite(), []);
  const maySeeStorage = may(me.value?.role, "seeStorage");
  useEffect(() => (maySeeStorage ? watchStorage() : undefined), [maySeeStorage]);
  const maySeePlates = may(me.value?.role, "seePlates");
  useEffect(() => (maySeePlates ? watchAlerts() : undefined), [maySeePlates]);
  useEffect(() => guardWork(() => draft.value !== null), []);
  useEffect(() => followNotices(), []);
  // With each login anew. What fails here is said in Ajustes, where somebody can do something about it.
  useEffect(() => void confirm().catch(() => {}), [me.value?.user_id, loginState.value === "in"]);
  useLayoutEffect(
    () =>
      onKeys((key) => {
        if (key === "?") setShowsKeys(true);
        return key === "?";
      }),
    [],
  );
  return (
    <div class="shell">
      <TopBar />
      <div class="banners">
        <LinkBanner />
        {maySeePlates && <AlertBanner />}
      </div>
      <Rail />
      <main class="room">
        <Room />
      </main>
      <Toasts />
      {showsKeys && <KeyHelp onClose={() => setShowsKeys(false)} />}
    </div>
  );
}

function Room() {
  const rooms = roomsFor(me.value?.role);
  const wanted = route.value.room || rooms[0];
  const t = text.value;
  if (wanted === "live" && may(me.value?.role, "watch")) return <LiveRoom />;
  if (wanted === "investigate" && may(me.value?.role, "watch")) return <InvestigateRoom />;
  if (wanted === "plates" && may(me.value?.role, "seePlates")) return <PlatesRoom />;
  if (wanted === "evidence" && may(me.value?.role, "seeEvidence")) return <EvidenceRoom />;
  if (wanted === "cameras" && may(me.value?.role, "seeCameras")) return <CamerasRoom />;
  if (wanted === "health") return <HealthRoom />;
  if (wanted === "settings") return <SettingsRoom />;
  if (["live", "investigate", "plates", "evidence", "cameras"].includes(wanted ?? "")) {
    return <Empty title={t.errors.notPermitted}>{t.errors.notPermittedHint}</Empty>;
  }
  return <Empty title={t.errors.notFoundRoom} />;
}
