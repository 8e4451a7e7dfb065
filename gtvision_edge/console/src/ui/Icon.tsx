/** Drawn here: 24 px grid, 1.7 px strokes, no icon font. */
const SHAPES = {
  live: "M3 4h8v7H3zM13 4h8v7h-8zM3 13h8v7H3zM13 13h8v7h-8z",
  investigate: "M4 6h16M4 12h9M4 18h16M16 9v6M18.5 12h-5",
  plates: "M2.5 8.5a1.5 1.5 0 0 1 1.5-1.5h16a1.5 1.5 0 0 1 1.5 1.5v7a1.5 1.5 0 0 1-1.5 1.5H4a1.5 1.5 0 0 1-1.5-1.5zM6 12h3M11 12h2M15 12h3",
  bell: "M12 3.5a5.5 5.5 0 0 0-5.5 5.5v4L4.5 16.5h15L17.5 13V9A5.5 5.5 0 0 0 12 3.5zM10 19.5a2 2 0 0 0 4 0",
  evidence: "M12 3l7 3v5c0 4.6-2.9 8.2-7 10-4.1-1.8-7-5.4-7-10V6zM8.7 11.8l2.4 2.4 4.2-4.4",
  download: "M12 4v11M7 10.5l5 5 5-5M4 20h16",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  rewind: "M11 6l-7 6 7 6zM20 6l-7 6 7 6z",
  previous: "M15 6l-6 6 6 6",
  next: "M9 6l6 6-6 6",
  cameras: "M3 8h12v9H3zM15 11.5l6-3v8l-6-3",
  health: "M3 12h4l2.5-7 4 14 2.5-7h5",
  settings: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M18.4 5.6l-2.1 2.1M7.7 16.3l-2.1 2.1",
  close: "M6 6l12 12M18 6 6 18",
  expand: "M4 9V4h5M20 15v5h-5M4 4l6 6M20 20l-6-6",
  shrink: "M10 5v5H5M14 19v-5h5M10 10 4 4M14 14l6 6",
  sound: "M4 10v4h4l5 4V6L8 10zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
  mute: "M4 10v4h4l5 4V6L8 10zM17 10l4 4M21 10l-4 4",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM20 20l-4.8-4.8",
  plus: "M12 5v14M5 12h14",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warning: "M12 4 2.5 20h19zM12 10v4.5M12 17.2h.01",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20a7.5 7.5 0 0 1 15 0",
  panel: "M3 5h18v14H3zM15 5v14",
  chevron: "M6 9l6 6 6-6",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
}
