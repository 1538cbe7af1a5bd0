import sharp from 'sharp';
import type { RgbImage } from './image.ts';

/** A picture as baseline JPEG with its colours at half the resolution, as cameras write them. @param quality 1 … 100. */
export async function encodeJpeg({ width, height, data }: RgbImage, quality: number): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: '4:2:0' })
    .toBuffer();
}
