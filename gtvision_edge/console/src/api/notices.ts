/** Notices on phones and browsers, as the API speaks of them. */
export type NoticeTopic = "plates" | "cameras" | "storage" | "hub" | "archive";
export type NoticeLevel = "info" | "warning" | "critical";

export interface NoticeKey {
  public_key: string;
  topics: NoticeTopic[];
}

export interface NoticeDevice {
  subscription_id: string;
  device: string;
  service: string;
  topics: NoticeTopic[];
  plates_from: NoticeLevel;
  created_at: string;
  accepted_at: string | null;
  trouble: string;
}

export interface NoticeChoices {
  device?: string;
  topics?: NoticeTopic[];
  plates_from?: NoticeLevel;
}
