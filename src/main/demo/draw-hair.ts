import { RandomStream } from '#shared/random.ts';
import type { Curve, Point } from './curves.ts';
import { ellipse, smooth, stroke, trace } from './curves.ts';
import type { Head } from './head.ts';
import { rimAt } from './head.ts';
import type { HairStyle, Identity } from './identity.ts';
import { blend } from './identity.ts';
import type { Color, Raster } from './raster.ts';

/** How far hair stands off the skull, and how low it falls at the sides (head units), by style. */
const VOLUME: Readonly<Record<HairStyle, { readonly lift: number; readonly length: number }>> = {
  short: { lift: 0.07, length: -0.1 },
  parted: { lift: 0.1, length: 0.0 },
  fringe: { lift: 0.1, length: 0.25 },
  long: { lift: 0.12, length: 1.5 },
  bob: { lift: 0.15, length: 0.75 },
  bun: { lift: 0.07, length: 0.05 },
  curly: { lift: 0.12, length: 0.3 },
  receding: { lift: 0.05, length: 0.05 },
  bald: { lift: 0, length: 0 },
  scarf: { lift: 0.13, length: 1.5 },
  beanie: { lift: 0.08, length: 0.1 },
};

/** Where hair meets the face at the temples, as a share of the face's half width. */
const TEMPLE = 0.9;
/** Points between the temples: x as a share of the face's half width, y in head units. */
const PLAIN_HAIRLINE: Curve = [
  [0.864, -0.38],
  [0.66, -0.69],
  [0, -0.77],
  [-0.66, -0.69],
  [-0.864, -0.38],
];
const HAIRLINES: Readonly<Partial<Record<HairStyle, Curve>>> = {
  parted: [
    [0.837, -0.4],
    [0.62, -0.68],
    [0.35, -0.84],
    [0, -0.7],
    [-0.5, -0.58],
    [-0.864, -0.3],
  ],
  fringe: [
    [0.855, -0.35],
    [0.7, -0.56],
    [0.3, -0.54],
    [0, -0.6],
    [-0.3, -0.54],
    [-0.7, -0.56],
    [-0.855, -0.35],
  ],
  receding: [
    [0.855, -0.45],
    [0.62, -0.86],
    [0.2, -0.82],
    [-0.2, -0.82],
    [-0.62, -0.86],
    [-0.855, -0.45],
  ],
};

/** Hair behind the face. */
export function drawHairBack(raster: Raster, head: Head): void {
  const { identity } = head;
  const { hairStyle } = identity;
  if (hairStyle === 'bald') return;
  const { lift, length } = VOLUME[hairStyle];
  const color = hairStyle === 'scarf' ? identity.accessory : blend(identity.hair, [0, 0, 0], 0.18);
  const half = identity.faceWidth + lift;
  if (hairStyle === 'bun') raster.fill(head.rims(ellipse(0.05, -1.12, 0.34, 0.28)), identity.hair);
  if (hairStyle === 'curly') drawCurls(raster, head, color);
  const crown = trace(-Math.PI / 2, Math.PI / 2, 19, (angle): Point => [
    half * Math.sin(angle),
    -(1 + lift) * Math.cos(angle),
  ]);
  const flare = length > 0.5 ? 1.1 : 0.97;
  const sides: Point[] = [
    [half * (1 + (flare - 1) / 2), length * 0.5],
    [half * flare, length * 0.85],
    [half * flare * 0.85, length],
    [-half * flare * 0.85, length],
    [-half * flare, length * 0.85],
    [-half * (1 + (flare - 1) / 2), length * 0.5],
  ];
  raster.fill(head.rims([...crown, ...(length > 0 ? sides : [])]), color);
}

/** Hair, scarf or cap in front of the forehead. */
export function drawHairFront(raster: Raster, head: Head): void {
  const { identity } = head;
  if (identity.hairStyle === 'bald') return;
  if (identity.hairStyle === 'scarf') return drawScarf(raster, head);
  if (identity.hairStyle === 'beanie') return drawBeanie(raster, head);
  const hair = raster.mask(head.rims(hairFront(identity)));
  raster.paint(hair, identity.hair);
  const shine = blend(identity.hair, [1, 0.95, 0.85], 0.35);
  const [x, y] = head.rim([identity.faceWidth * 0.3, -0.88]);
  raster.glow({ x, y, radiusX: 0.45 * head.unit, radiusY: 0.14 * head.unit, angle: 0.3 }, shine, 0.5, hair);
  if (identity.hairStyle === 'curly') drawCurls(raster, head, identity.hair, true);
}

/** Between the skull's outer line and the hairline, which each style draws its own way. */
function hairFront(identity: Identity): Point[] {
  const { lift } = VOLUME[identity.hairStyle];
  const half = identity.faceWidth;
  const reach = identity.hairStyle === 'short' || identity.hairStyle === 'receding' ? 1.55 : 1.75;
  const outer = trace(-reach, reach, 21, (angle): Point => {
    const [x, y] = rimAt(identity, angle);
    const stand = 1 + lift * Math.max(0.35, Math.cos(angle));
    return [x * (1 + 0.02 + lift * 0.5), y * stand];
  });
  return [...outer, ...hairline(identity.hairStyle, half, outer[0]![1])];
}

/** The hairline from the right temple to the left; `half` is the face's half width. */
function hairline(style: HairStyle, half: number, temple: number): Point[] {
  const line = (HAIRLINES[style] ?? PLAIN_HAIRLINE).map(([share, y]): Point => [share * half, y]);
  return smooth([[TEMPLE * half, temple], ...line, [-TEMPLE * half, temple]]);
}

function drawCurls(raster: Raster, head: Head, color: Color, front = false): void {
  const { identity } = head;
  const stream = new RandomStream(identity.seed, 'demo', front ? 1 : 2);
  const count = front ? 13 : 17;
  const reach = front ? 1.45 : 1.95;
  for (let index = 0; index < count; index++) {
    const angle = -reach + (2 * reach * index) / (count - 1);
    const [x, y] = rimAt(identity, angle);
    const inward = front ? 0.92 : 1.08;
    const radius = stream.between(0.13, 0.19) * (front ? 0.9 : 1.15);
    const shade = blend(color, index % 2 === 0 ? [1, 0.9, 0.8] : [0, 0, 0], 0.07);
    raster.fill(head.rims(ellipse(x * inward, y * inward, radius, radius, 14)), shade);
  }
}

function drawScarf(raster: Raster, head: Head): void {
  const { identity } = head;
  const outer = trace(0, 2 * Math.PI, 41, (angle): Point => {
    const [x, y] = rimAt(identity, angle);
    return [x * 1.18, y * 1.15];
  });
  const opening = trace(0, 2 * Math.PI, 41, (angle): Point => {
    const [x, y] = rimAt(identity, angle);
    return [x * 0.93, y < 0 ? y * 0.82 : y * 0.97];
  });
  // One outline that runs around the outside and back around the opening: the ring between them.
  raster.fill(head.rims([...outer, ...opening.toReversed()]), identity.accessory);
  const fold = stroke(
    trace(-1.2, 1.2, 15, (angle): Point => [identity.faceWidth * 1.03 * Math.sin(angle), -0.93 * Math.cos(angle)]),
    () => 0.03,
  );
  raster.fill(head.rims(fold), blend(identity.accessory, [0, 0, 0], 0.35), 0.6);
}

function drawBeanie(raster: Raster, head: Head): void {
  const { identity } = head;
  const half = identity.faceWidth * 1.07;
  const dome = trace(-1.5, 1.5, 21, (angle): Point => [half * Math.sin(angle), -0.6 - 0.58 * Math.cos(angle)]);
  raster.fill(head.rims(dome), identity.accessory);
  const cuff = stroke(
    smooth([
      [-half, -0.53],
      [-half * 0.5, -0.65],
      [0, -0.69],
      [half * 0.5, -0.65],
      [half, -0.53],
    ]),
    () => 0.2,
  );
  raster.fill(head.rims(cuff), blend(identity.accessory, [1, 1, 1], 0.22));
}

/** Beard and moustache, on the skin and below the mouth's drawing. */
export function drawBeard(raster: Raster, head: Head, drop: number): void {
  const { identity } = head;
  if (identity.beard === 'none') return;
  const stubble = identity.beard === 'stubble';
  const color = stubble ? blend(identity.hair, [0.2, 0.17, 0.18], 0.5) : blend(identity.hair, identity.skin, 0.08);
  const opacity = stubble ? 0.24 : 0.95;
  if (identity.beard !== 'moustache') {
    const rim = trace(Math.PI * 0.56, Math.PI * 1.44, 23, (angle) => rimAt(identity, angle, drop + 0.02));
    const inner = smooth([
      [-identity.faceWidth * 0.86, 0.15],
      [-identity.faceWidth * 0.7, 0.42],
      [-0.36, 0.5],
      [-0.3, 0.34],
      [0, 0.31],
      [0.3, 0.34],
      [0.36, 0.5],
      [identity.faceWidth * 0.7, 0.42],
      [identity.faceWidth * 0.86, 0.15],
    ]);
    raster.fill([...head.rims(rim), ...head.features(inner)], color, opacity);
  }
  if (identity.beard !== 'stubble') {
    const line = smooth([
      [-0.27, 0.43],
      [-0.14, 0.355],
      [0, 0.345],
      [0.14, 0.355],
      [0.27, 0.43],
    ]);
    raster.fill(
      head.features(
        stroke(line, (share) => 0.03 + 0.075 * Math.sin(Math.PI * share)),
        0.05,
      ),
      color,
      opacity,
    );
  }
}
