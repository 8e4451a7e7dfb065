/** Notices on phones and browsers, in words. */
import type { notices as ptBR } from "./notices.pt-BR";
import type { Trouble } from "./trouble.pt-BR";

export const notices: typeof ptBR = {
  tab: "Notices",
  title: "Notices on this device",
  about: "The unit tells this phone or browser even while the console is closed. What it says is encrypted: the browser's notice service cannot read it.",
  turnOn: "Get notices here",
  turningOn: "Turning on…",
  isOn: "This device gets notices.",
  others: "My devices",
  none: "No device gets notices of this account.",
  here: "this device",
  device: "Name of the device",
  what: "What to tell",
  topics: {
    plates: "Wanted plate",
    cameras: "Camera that stopped recording",
    storage: "Recording stopped everywhere (disk)",
    hub: "Hub far behind",
    archive: "Copies far behind",
  },
  topicHints: {
    plates: "when a plate of the list passes",
    cameras: "when it lasts for more than two minutes, and when it is back",
    storage: "disk breaker or disk away, and when it is back",
    hub: "readings waiting for long, and when they arrive",
    archive: "pictures and evidence waiting long for the object store, and when they arrive",
  },
  platesFrom: "Plates from",
  levels: { info: "information", warning: "attention", critical: "urgent" },
  test: "Send a trial",
  tested: "Sent. The notice arrives within seconds.",
  stop: "Stop notices",
  stopped: "This device gets no more notices.",
  lastAccepted: (when: string) => `last notice delivered ${when}`,
  never: "no notice delivered yet",
  notChosen: "Choose at least one subject, or stop the notices of this device.",
  blocked: {
    insecure: {
      title: "Notices need HTTPS.",
      body: "Open the console by an https:// address (or, on the unit itself, by http://localhost). The README says how to put nginx in front.",
    },
    unsupported: {
      title: "This browser gets no notices.",
      body: "On iPhone and iPad: Share, “Add to Home Screen”, and open the console by that icon. Notices do not work in private windows.",
    },
    denied: {
      title: "Notices of this site are blocked in the browser.",
      body: "Press the lock beside the address, choose Allow for Notifications, and reload the page.",
    },
  },
  noService: "The browser could not register with its notice service. It needs the internet.",
  endsWithLogin: "When you sign out, or the account is disabled, the device gets no more notices. Signing in on it again is enough.",
};

export const noticeFailures: Record<string, Trouble> = {
  unknown_subscription: { title: "This device is not in the list any more.", cure: "Turn notices on again there." },
  too_many_subscriptions: { title: "There are too many devices.", cure: "Remove one that is not used any more." },
  push_address_refused: { title: "The browser gave a notice address that cannot be used.", cure: "Use a current browser, such as Chrome, Edge, Firefox or Safari." },
  push_service_unreachable: { title: "The browser's notice service does not answer.", cure: "The unit needs the internet (HTTPS). What waits is sent when it is back." },
  push_service_refused: { title: "The notice service refused.", cure: "Check date and time of the unit. If they are right, turn the notices of this device off and on." },
  subscription_gone: { title: "The browser gave up the notices of this device.", cure: "Turn them on again." },
  trial_too_soon: { title: "A trial was sent a moment ago.", cure: "Wait some seconds." },
};
