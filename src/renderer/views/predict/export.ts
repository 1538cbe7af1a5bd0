import type { FacePrediction, ImagePrediction } from '#shared/prediction.ts';
import { formatCount, formatShare } from '../../text/format.ts';
import { NETWORK_LABELS } from '../../text/words.ts';
import { colorOfClass, labelOfClass } from './classes.ts';
import { HEAT_SIDE, heatPixels } from './heat.ts';
import type { Overlay } from './stage.tsx';

/** The answer as JSON, for a person to paste: without the maps, which are thousands of numbers. */
export function jsonOf(prediction: ImagePrediction): string {
  const faces = prediction.faces.map((face) => ({
    ...face,
    networks: face.networks.map((network) => ({ ...network, maps: null })),
  }));
  return JSON.stringify({ ...prediction, faces }, null, 2);
}

/** "Adaptation network of plain, step 1,200": who answered. */
export function answeredBy({ network, step }: Pick<ImagePrediction, 'network' | 'step'>, model: string): string {
  return `${NETWORK_LABELS[network]} network of ${model}, step ${formatCount(step)}`;
}

/** Sides of a saved picture, pixels: small faces are enlarged so that what is written on them can be read. */
const SHORTEST_SIDE = 512;
const LONGEST_SIDE = 2048;
const FOOTER = 44;

interface PictureExport {
  /** Where the window shows it. */
  readonly address: string;
  readonly prediction: ImagePrediction;
  readonly overlay: Overlay | null;
  /** Who answered. */
  readonly caption: string;
}

/** The picture with its boxes, what was said of each face, and where a network looked, as one picture. */
export async function pngOf({ address, prediction, overlay, caption }: PictureExport): Promise<Blob> {
  const image = new Image();
  image.src = address;
  await image.decode();
  const { width, height } = prediction;
  const scale = Math.min(Math.max(1, SHORTEST_SIDE / Math.min(width, height)), LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale) + FOOTER;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('The browser draws no pictures.');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height - FOOTER);
  context.save();
  context.scale(scale, scale);
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  if (overlay !== null) drawHeat(context, overlay);
  context.restore();
  for (const face of prediction.faces) drawFace(context, face, scale);
  context.fillStyle = '#1a1d24';
  context.font = '14px system-ui, sans-serif';
  context.fillText(caption, 12, canvas.height - FOOTER / 2 + 5, canvas.width - 24);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error('The picture could not be made.')) : resolve(blob))),
  );
}

function drawHeat(context: CanvasRenderingContext2D, { maps, className, opacity }: Overlay): void {
  const pixels = heatPixels(maps, className);
  const heat = new OffscreenCanvas(HEAT_SIDE, HEAT_SIDE);
  const heatContext = heat.getContext('2d');
  if (pixels === null || heatContext === null) return;
  heatContext.putImageData(new ImageData(pixels, HEAT_SIDE, HEAT_SIDE), 0, 0);
  const { x, y, side, degrees } = maps.over;
  context.save();
  context.globalAlpha = opacity;
  context.translate(x, y);
  context.rotate((degrees * Math.PI) / 180);
  context.drawImage(heat, -side / 2, -side / 2, side, side);
  context.restore();
}

function drawFace(context: CanvasRenderingContext2D, face: FacePrediction, scale: number): void {
  const text = `${labelOfClass(face.class)} ${formatShare(face.probability)}`;
  const [left, top] = [face.box.x * scale, face.box.y * scale];
  const labelLeft = Math.max(0, left);
  context.font = '600 16px system-ui, sans-serif';
  if (face.origin !== 'picture') {
    context.strokeStyle = colorOfClass(face.class);
    context.lineWidth = 3;
    context.strokeRect(left, top, face.box.width * scale, face.box.height * scale);
  }
  const width = context.measureText(text).width + 16;
  const labelTop = Math.max(0, top - 26);
  context.fillStyle = '#111317';
  context.fillRect(labelLeft, labelTop, width, 26);
  context.fillStyle = colorOfClass(face.class);
  context.fillRect(labelLeft, labelTop, 4, 26);
  context.fillStyle = '#ffffff';
  context.fillText(text, labelLeft + 10, labelTop + 18);
}
