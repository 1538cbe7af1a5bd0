import { type ReactElement, useEffect, useRef, useState } from 'react';
import { Button as AriaButton, Input, SearchField } from 'react-aria-components';
import { Icon } from './icon.tsx';
import './search-input.css';

interface SearchInputProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  /** Told when typing pauses. */
  readonly onChange: (value: string) => void;
}

const PAUSE_MILLISECONDS = 200;

/** A field to look something up; it does not ask at every letter. */
export function SearchInput({ label, placeholder, value, onChange }: SearchInputProps): ReactElement {
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  // Changed from elsewhere, such as by "Clear filters".
  if (value !== told) {
    setTold(value);
    setText(value);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string): void => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setTold(next);
      onChange(next);
    }, PAUSE_MILLISECONDS);
  };
  return (
    <SearchField className="search-input" aria-label={label} value={text} onChange={change}>
      <Icon name="search" size={14} />
      <Input className="search-input-text" placeholder={placeholder} spellCheck={false} autoComplete="off" />
      {text !== '' && (
        <AriaButton className="icon-button search-input-clear">
          <Icon name="close" size={14} />
        </AriaButton>
      )}
    </SearchField>
  );
}
