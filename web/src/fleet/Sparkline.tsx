import { areaPath, linePath } from './curve';

const BOX = { width: 120, height: 24 };

/** The last minutes as a line; the figure beside it says the same of now. */
export function Sparkline({ rates }: { readonly rates: readonly number[] }) {
  return (
    <svg
      className="fleet-sparkline"
      viewBox={`0 -1 ${BOX.width} ${BOX.height + 2}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className="fleet-ground" d={`M0 ${BOX.height}H${BOX.width}`} />
      <path className="fleet-area" d={areaPath(rates, BOX)} />
      <path className="fleet-line" d={linePath(rates, BOX)} />
    </svg>
  );
}
