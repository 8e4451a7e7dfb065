/** What the daemon tells of footage. */

export interface TimelineSpan {
  start: string;
  end: string;
  held: boolean;
  codec: string;
}

export interface TimelineGap {
  start: string;
  end: string;
  cause: string | null;
}

/** Without its plate: that is asked for one by one. */
export interface TimelineReading {
  start: string;
  /** As start for one reading; else several passed, all before this. */
  end: string;
  detection_id: string | null;
  level: string | null;
}

export interface Timeline {
  camera_id: string;
  start: string;
  end: string;
  spans: TimelineSpan[];
  gaps: TimelineGap[];
  incidents: { incident_id: string; start: string; end: string; reason: string }[];
  detections: TimelineReading[];
  thumbnails: { interval_s: number; available_from: string | null };
  first: string | null;
  last: string | null;
  growing_until: string | null;
  clock_steps: { at: string; step_s: number }[];
}

export interface Day {
  day: string;
  recorded_s: number;
  bytes: number;
  held: boolean;
}
