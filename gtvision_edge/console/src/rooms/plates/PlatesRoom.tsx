import "./plates.css";
import { useEffect } from "preact/hooks";
import { text } from "../../i18n";
import { pendingAlerts } from "../../state/alerts";
import { poll } from "../../state/poll";
import { go, hashOf, route } from "../../state/route";
import { Segments } from "../../ui/parts";
import { AlertScreen } from "./AlertScreen";
import { AlertsTab } from "./AlertsTab";
import { ReadingsTab } from "./ReadingsTab";
import { loadWatches, watches } from "./store";
import { WatchlistTab } from "./WatchlistTab";

const TABS = ["readings", "watchlist", "alerts"] as const;

export function PlatesRoom() {
  const t = text.value.plates;
  useEffect(() => poll(loadWatches, 30_000), []);
  // An alert of an entry that is not known here: somebody changed the list meanwhile.
  const isNew = pendingAlerts.value.some((alert) => !(watches.value ?? []).some((watch) => watch.watch_id === alert.watch_id));
  useEffect(() => {
    if (isNew) void loadWatches().catch(() => {});
  }, [isNew, pendingAlerts.value]);
  const [first, id] = (route.value.detail ?? "").split("/");
  if (first === "alert" && id) return <AlertScreen key={id} alertId={id} />;
  const tab = TABS.find((each) => each === first) ?? "readings";
  return (
    <div class="plates">
      <div class="room-bar plates-bar">
        <h1>{t.title}</h1>
        <Segments label={t.title} options={TABS.map((value) => ({ value, label: t.tabs[value] }))} value={tab} onChange={(value) => go(hashOf("plates", value === "readings" ? null : value))} />
      </div>
      {tab === "readings" && <ReadingsTab />}
      {tab === "watchlist" && <WatchlistTab />}
      {tab === "alerts" && <AlertsTab />}
    </div>
  );
}
