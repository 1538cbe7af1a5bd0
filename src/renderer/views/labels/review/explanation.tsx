import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useLayoutEffect, useRef } from 'react';
import type { Round } from '#shared/rounds.ts';
import type { ModelRequest } from '#shared/requests.ts';
import { api, client } from '../../../api/client.ts';
import { describeError } from '../../../api/errors.ts';
import { expressionAt } from '../../../text/words.ts';
import { HEAT_SIDE, heatPixels } from '../../predict/heat.ts';
import type { QueueFace } from './session.ts';
import { useRested } from './use-rested.ts';

const LOOK_MILLISECONDS = 150;

/** The network that labeled a round; null where the round is from a file, and no network is here. */
export function modelOf({ run, network, origin, file }: Round): ModelRequest | null {
  const of = network === null ? {} : { network };
  if (run !== null) return { run, ...of };
  return origin === 'network' && file !== null ? { checkpoint: file, ...of } : null;
}

/** Where the network looked for the label in question, laid over the face. */
export function Explanation({ face, round }: { face: QueueFace; round: Round }): ReactElement {
  const model = modelOf(round);
  const image = useRested(face.image.id, LOOK_MILLISECONDS);
  const prediction = useQuery({
    queryKey: [...api.prediction.predict.mutationKey(), { explain: true, model, image }],
    queryFn: ({ signal }) =>
      client.prediction.predict.mutate({ model: model!, picture: { image }, explain: true }, { signal }),
    enabled: model !== null,
  });
  const name = expressionAt(face.label).name;
  const canvas = useRef<HTMLCanvasElement>(null);
  const maps = image === face.image.id ? (prediction.data?.faces[0]?.networks[0]?.maps ?? null) : null;
  const size = prediction.data === undefined ? null : { width: prediction.data.width, height: prediction.data.height };
  const pixels = maps === null ? null : heatPixels(maps, name);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined || pixels === null || maps === null || size === null) return;
    const { canvas: element } = context;
    element.width = size.width;
    element.height = size.height;
    const map = new OffscreenCanvas(HEAT_SIDE, HEAT_SIDE);
    map.getContext('2d')?.putImageData(new ImageData(pixels, HEAT_SIDE, HEAT_SIDE), 0, 0);
    const { x, y, side, degrees } = maps.over;
    context.clearRect(0, 0, size.width, size.height);
    context.translate(x, y);
    context.rotate((degrees * Math.PI) / 180);
    context.drawImage(map, -side / 2, -side / 2, side, side);
  });
  return (
    <>
      <canvas ref={canvas} className="face-canvas face-heat" hidden={pixels === null} aria-hidden="true" />
      <p className="explanation" role="status">
        {explanationText()}
      </p>
    </>
  );

  function explanationText(): string {
    if (model === null) return 'Grad-CAM needs the network: this round is from a file.';
    if (prediction.error !== null) return describeError(prediction.error).message;
    if (maps === null) return 'Looking where the network looked …';
    if (pixels === null) return `The network looked nowhere for ${expressionAt(face.label).label}.`;
    return `Where the network looked for ${expressionAt(face.label).label}`;
  }
}
