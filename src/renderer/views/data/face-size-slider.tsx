import type { ReactElement } from 'react';
import { Slider, SliderThumb, SliderTrack } from 'react-aria-components';

export function FaceSizeSlider({ size, onChange }: { size: number; onChange: (size: number) => void }): ReactElement {
  return (
    <Slider
      className="slider"
      aria-label="Size of faces"
      minValue={48}
      maxValue={256}
      step={8}
      value={size}
      onChange={onChange}
    >
      <SliderTrack className="slider-track">
        <SliderThumb className="slider-thumb" />
      </SliderTrack>
    </Slider>
  );
}
