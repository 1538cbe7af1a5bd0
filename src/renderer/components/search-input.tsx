import { type ReactElement, useEffect, useRef, useState } from 'react';
import { Button as AriaButton, Input, SearchField } from 'react-aria-components';
import { Icon } from './icon.tsx';
import './search-input.css';

interface SearchInputProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  /** Less than so many letters look nothing up, and stay in the field. */
  readonly shortest?: number;
  /** Told when typing pauses, without the spaces around; empty for what is too short. */
  readonly onChange: (value: string) => void;
}

const PAUSE_MILLISECONDS = 200;

/** A field to look something up; it does not ask at every letter. */
export function SearchInput({ label, placeholder, value, shortest = 0, onChange }: SearchInputProps): ReactElement {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  /** What was told and has not come back as the value yet: it comes late, and meanwhile somebody types on. */
  const [told, setTold] = useState<readonly string[]>([]);
  if (value !== seen) {
    setSeen(value);
    const at = told.lastIndexOf(value);
    setTold(at === -1 ? [] : told.slice(at + 1));
    // Changed from elsewhere, such as by "Clear filters".
    if (at === -1) setText(value);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string): void => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const sought = [...next.trim()].length < shortest ? '' : next.trim();
      setTold((before) => [...before, sought]);
      onChange(sought);
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
