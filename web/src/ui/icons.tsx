/** Shapes on a grid of 24, drawn as strokes. They say nothing: whoever shows one gives it a name. */
const SHAPES = {
  add: 'M12 5v14M5 12h14',
  cancel: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  compare: 'M12 3v18M9 6H4v12h5M15 6h5v12h-5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  next: 'M9 5l7 7-7 7',
  pause: 'M9 5v14M15 5v14',
  photo: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9v.1',
  play: 'M8 5l11 7-11 7z',
  previous: 'M15 5l-7 7 7 7',
  remove: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12',
  retry: 'M20 11a8 8 0 1 0-2.3 6M20 5v6h-6',
  warning: 'M12 4l9 16H3zM12 10v4M12 17v.2',
  zoom: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4-4M11 8v6M8 11h6',
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon-shape" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
}
