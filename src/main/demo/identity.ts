import type { RandomStream } from '#shared/random.ts';
import type { Color } from './raster.ts';

export const HAIR_STYLES = [
  'short',
  'parted',
  'fringe',
  'long',
  'bob',
  'bun',
  'curly',
  'receding',
  'bald',
  'scarf',
  'beanie',
] as const;
export type HairStyle = (typeof HAIR_STYLES)[number];
export type Beard = 'none' | 'stubble' | 'moustache' | 'full';
export type Glasses = 'none' | 'round' | 'square' | 'sun';

/** What stays the same in all pictures of one person. Lengths in head units: the head reaches from -1 (crown) to 1 (chin). */
export interface Identity {
  readonly skin: Color;
  readonly lips: Color;
  readonly hair: Color;
  readonly iris: Color;
  readonly clothes: Color;
  readonly accessory: Color;
  readonly hairStyle: HairStyle;
  readonly beard: Beard;
  readonly glasses: Glasses;
  /** Half width at the cheekbones. */
  readonly faceWidth: number;
  /** 0 pointed … 1 square. */
  readonly jaw: number;
  readonly eyeDistance: number;
  readonly eyeSize: number;
  /** Height of the open eye at rest, as a share of its usual height. */
  readonly eyeOpenness: number;
  /** Outer corner above the inner one. */
  readonly eyeTilt: number;
  readonly browHeight: number;
  readonly browThickness: number;
  readonly browArch: number;
  /** Inner end below the outer one at rest: some people always look a little stern or worried. */
  readonly browTilt: number;
  readonly noseLength: number;
  readonly noseWidth: number;
  readonly mouthHeight: number;
  readonly mouthWidth: number;
  readonly lipFullness: number;
  /** Mouth corners above the middle at rest: some people always seem to smile or to sulk. */
  readonly restingCorner: number;
  /** 0 … 1: creases show more. */
  readonly age: number;
  readonly lashes: number;
  readonly freckles: number;
  readonly seed: number;
}

/** How often things occur among the people of a set. Shares in [0,1]. */
export interface IdentityVariety {
  readonly glasses: number;
  readonly sunglasses: number;
  readonly headwear: number;
  readonly beard: number;
  /** Power on a uniform skin tone: below 1 darker on average, above 1 lighter. */
  readonly skinBias: number;
  /** Spread of resting features relative to the usual. */
  readonly spread: number;
}

const SKIN_TONES: readonly Color[] = [
  [0.99, 0.86, 0.77],
  [0.96, 0.79, 0.67],
  [0.91, 0.71, 0.56],
  [0.82, 0.6, 0.44],
  [0.68, 0.46, 0.32],
  [0.5, 0.33, 0.23],
  [0.37, 0.24, 0.17],
];
const HAIR_COLORS: readonly Color[] = [
  [0.1, 0.08, 0.09],
  [0.17, 0.11, 0.09],
  [0.28, 0.17, 0.11],
  [0.42, 0.25, 0.14],
  [0.62, 0.3, 0.14],
  [0.86, 0.67, 0.37],
  [0.74, 0.72, 0.71],
  [0.45, 0.44, 0.46],
];
const IRIS_COLORS: readonly Color[] = [
  [0.27, 0.16, 0.1],
  [0.37, 0.22, 0.12],
  [0.24, 0.4, 0.5],
  [0.3, 0.44, 0.3],
  [0.4, 0.44, 0.47],
];
/** Muted colours that go with each other and with all skin tones. */
export const PALETTE: readonly Color[] = [
  [0.16, 0.3, 0.42],
  [0.89, 0.55, 0.36],
  [0.93, 0.78, 0.45],
  [0.36, 0.53, 0.49],
  [0.6, 0.32, 0.38],
  [0.87, 0.87, 0.85],
  [0.24, 0.25, 0.29],
  [0.55, 0.62, 0.75],
  [0.73, 0.45, 0.55],
  [0.47, 0.56, 0.34],
];

/** Draws a person. */
export function sampleIdentity(variety: IdentityVariety, stream: RandomStream): Identity {
  const skin = tone(SKIN_TONES, stream.uniform() ** variety.skinBias, stream);
  const dark = skin[0] < 0.75;
  const hair = varied(HAIR_COLORS[stream.integer(dark ? 4 : HAIR_COLORS.length)]!, 0.03, stream);
  const hairStyle = sampleHairStyle(variety, stream);
  const usual = (mean: number, deviation: number): number => mean + deviation * variety.spread * boundedNormal(stream);
  return {
    skin,
    lips: blend(skin, dark ? [0.5, 0.2, 0.2] : [0.78, 0.3, 0.32], stream.between(0.3, 0.8)),
    hair,
    iris: IRIS_COLORS[stream.integer(dark ? 2 : IRIS_COLORS.length)]!,
    clothes: varied(PALETTE[stream.integer(PALETTE.length)]!, 0.05, stream),
    accessory: varied(PALETTE[stream.integer(PALETTE.length)]!, 0.05, stream),
    hairStyle,
    beard: sampleBeard(variety, hairStyle, stream),
    glasses: sampleGlasses(variety, stream),
    faceWidth: usual(0.77, 0.035),
    jaw: stream.uniform(),
    eyeDistance: usual(0.345, 0.014),
    eyeSize: usual(0.195, 0.012),
    eyeOpenness: usual(1, 0.09),
    eyeTilt: usual(0.01, 0.018),
    browHeight: usual(-0.41, 0.02),
    browThickness: usual(0.088, 0.015),
    browArch: usual(0.045, 0.016),
    browTilt: usual(0, 0.016),
    noseLength: usual(0.2, 0.03),
    noseWidth: usual(0.14, 0.02),
    mouthHeight: usual(0.5, 0.02),
    mouthWidth: usual(0.31, 0.02),
    lipFullness: usual(1.1, 0.2),
    restingCorner: usual(0, 0.016),
    age: stream.uniform(),
    lashes: stream.uniform(),
    freckles: stream.chance(0.15) && !dark ? stream.between(0.3, 1) : 0,
    seed: stream.next(),
  };
}

function sampleHairStyle({ headwear }: IdentityVariety, stream: RandomStream): HairStyle {
  const bare = HAIR_STYLES.length - 2;
  return HAIR_STYLES[stream.chance(headwear) ? bare + stream.integer(2) : stream.integer(bare)]!;
}

function sampleBeard({ beard }: IdentityVariety, hairStyle: HairStyle, stream: RandomStream): Beard {
  const kind = (['stubble', 'moustache', 'full'] as const)[stream.integer(3)]!;
  return stream.chance(beard) && hairStyle !== 'scarf' && hairStyle !== 'bun' ? kind : 'none';
}

function sampleGlasses({ glasses, sunglasses }: IdentityVariety, stream: RandomStream): Glasses {
  const draw = stream.uniform();
  if (draw < sunglasses) return 'sun';
  if (draw < sunglasses + glasses) return stream.chance(0.5) ? 'round' : 'square';
  return 'none';
}

/** Between the neighbours of a scale, with a little variation. */
function tone(scale: readonly Color[], position: number, stream: RandomStream): Color {
  const place = position * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(place));
  return varied(blend(scale[low]!, scale[low + 1]!, place - low), 0.02, stream);
}

function varied(color: Color, amount: number, stream: RandomStream): Color {
  const shift = (channel: number): number => Math.min(1, Math.max(0, channel + stream.between(-amount, amount)));
  return [shift(color[0]), shift(color[1]), shift(color[2])];
}

/** `share` of the way from one colour to another. */
export function blend(from: Color, to: Color, share: number): Color {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}

/** Normal, but never so far out that a face falls apart. */
function boundedNormal(stream: RandomStream): number {
  return Math.min(2.2, Math.max(-2.2, stream.normal()));
}
