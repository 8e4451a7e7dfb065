import { useEffect, useState } from "preact/hooks";
import type { NoticeChoices, NoticeDevice, NoticeKey, NoticeLevel, NoticeTopic } from "../../api/notices";
import { text } from "../../i18n";
import { whenOf } from "../../i18n/format";
import { deviceName, NoPushService, obstacle, ownId, turnOff, turnOn, type Obstacle } from "../../state/notices";
import { client } from "../../state/session";
import { zone } from "../../state/site";
import { say } from "../../state/toasts";
import { Button, ErrorNote, Field, Note, Pill, Skeleton } from "../../ui/parts";

const LEVELS: readonly NoticeLevel[] = ["info", "warning", "critical"];

/** What this phone or browser, and the others of this account, are told of while nobody looks. */
export function NoticesTab() {
  const t = text.value.notices;
  const [key, setKey] = useState<NoticeKey | null>(null);
  const [devices, setDevices] = useState<NoticeDevice[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [hindered, setHindered] = useState<Obstacle | null>(obstacle());
  const [isBusy, setBusy] = useState(false);

  async function load(): Promise<void> {
    setError(null);
    try {
      const [found, all] = await Promise.all([client.get<NoticeKey>("/push/key"), client.all<NoticeDevice>("/push/subscriptions")]);
      setKey(found);
      setDevices(all);
    } catch (failure) {
      setError(failure);
    }
  }
  useEffect(() => void load(), []);

  async function start(): Promise<void> {
    if (key === null) return;
    setBusy(true);
    setError(null);
    try {
      const made = await turnOn(key, deviceName(navigator.userAgent));
      if (typeof made === "string") setHindered(made);
      else await load();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  const mine = devices?.find((each) => each.subscription_id === ownId.value);
  return (
    <div class="stack notices">
      <section class="card">
        <h2>{t.title}</h2>
        <p class="muted">{t.about}</p>
        {mine !== undefined && <p>{t.isOn}</p>}
        {mine === undefined && hindered !== null && <Note title={t.blocked[hindered].title}>{t.blocked[hindered].body}</Note>}
        {mine === undefined && hindered === null && (
          <div>
            <Button kind="primary" disabled={key === null || isBusy} onClick={() => void start()}>
              {isBusy ? t.turningOn : t.turnOn}
            </Button>
          </div>
        )}
        {error instanceof NoPushService ? <Note tone="alarm">{t.noService}</Note> : <ErrorNote error={error} action={<Button onClick={() => void load()}>{text.value.common.retry}</Button>} />}
        <p class="faint">{t.endsWithLogin}</p>
      </section>
      <section class="stack" aria-label={t.others}>
        <h2>{t.others}</h2>
        {devices === null && error === null && <Skeleton rows={2} />}
        {devices?.length === 0 && <p class="muted">{t.none}</p>}
        {devices?.map((each) => (
          <DeviceCard key={each.subscription_id} device={each} allowed={key?.topics ?? []} onChanged={() => void load()} />
        ))}
      </section>
    </div>
  );
}

function DeviceCard({ device, allowed, onChanged }: { device: NoticeDevice; allowed: readonly NoticeTopic[]; onChanged: () => void }) {
  const t = text.value.notices;
  const [isTesting, setTesting] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const path = `/push/subscriptions/${device.subscription_id}`;

  async function attempt(work: () => Promise<unknown>, done?: string): Promise<void> {
    setError(null);
    try {
      await work();
      if (done !== undefined) say(done);
      onChanged();
    } catch (failure) {
      setError(failure);
    }
  }
  const change = (choices: NoticeChoices): void => void attempt(() => client.patch<NoticeDevice>(path, choices), text.value.common.saved);

  function choose(topic: NoticeTopic, box: HTMLInputElement): void {
    const topics = allowed.filter((each) => (each === topic ? box.checked : device.topics.includes(each)));
    if (topics.length > 0) {
      change({ topics });
      return;
    }
    box.checked = true;
    say(t.notChosen, { tone: "alarm" });
  }

  function rename(field: HTMLInputElement): void {
    const name = field.value.trim();
    if (name === "") field.value = device.device;
    else change({ device: name });
  }

  async function test(): Promise<void> {
    setTesting(true);
    await attempt(() => client.post(`${path}/test`, undefined, { timeoutMs: 20_000 }), t.tested);
    setTesting(false);
  }

  return (
    <section class="card notice-device" aria-label={device.device}>
      <header>
        <h3>{device.device}</h3>
        {device.subscription_id === ownId.value && <Pill>{t.here}</Pill>}
        <span class="faint">{device.accepted_at === null ? t.never : t.lastAccepted(whenOf(Date.parse(device.accepted_at), Date.now(), zone.value))}</span>
      </header>
      {device.trouble !== "" && error === null && <Note title={text.value.failures[device.trouble]?.title ?? device.trouble}>{text.value.failures[device.trouble]?.cure}</Note>}
      <fieldset class="notice-topics">
        <legend>{t.what}</legend>
        {allowed.map((topic) => (
          <label key={topic} class="check">
            <input type="checkbox" checked={device.topics.includes(topic)} onChange={(event) => choose(topic, event.currentTarget)} />
            <span>
              {t.topics[topic]} <span class="faint">· {t.topicHints[topic]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {device.topics.includes("plates") && (
        <Field label={t.platesFrom}>
          {(ids) => (
            <select {...ids} value={device.plates_from} onChange={(event) => change({ plates_from: event.currentTarget.value as NoticeLevel })}>
              {LEVELS.map((level) => (
                <option key={level} value={level}>
                  {t.levels[level]}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field label={t.device}>
        {(ids) => <input {...ids} required maxLength={80} value={device.device} onChange={(event) => rename(event.currentTarget)} />}
      </Field>
      <ErrorNote error={error} />
      <footer>
        <Button disabled={isTesting} onClick={() => void test()}>
          {t.test}
        </Button>
        <Button kind="ghost" onClick={() => void attempt(() => turnOff(device.subscription_id), t.stopped)}>
          {t.stop}
        </Button>
      </footer>
    </section>
  );
}
