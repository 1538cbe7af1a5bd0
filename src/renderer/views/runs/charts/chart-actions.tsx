import { type ReactElement, type RefObject } from 'react';
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { notices } from '../../../api/notices.ts';
import { Icon } from '../../../components/icon.tsx';
import { saveFile } from '../save-file.ts';
import { csvOfChart, fileNameOf, pictureOfChart } from './chart-export.ts';
import type { ChartData } from './curves.ts';

interface ChartActionsProps {
  readonly data: ChartData;
  /** The element the plot is in. */
  readonly holder: RefObject<HTMLElement | null>;
}

/** Takes a chart's values or picture along. */
export function ChartActions({ data, holder }: ChartActionsProps): ReactElement {
  const picture = (): Promise<Blob> => {
    const canvas = holder.current?.querySelector('canvas');
    const panel = holder.current?.closest('.chart');
    if (!(canvas instanceof HTMLCanvasElement) || !(panel instanceof HTMLElement))
      throw new Error('The chart is not drawn yet.');
    return pictureOfChart(data, canvas, getComputedStyle(panel));
  };
  const actions: Readonly<Record<string, () => Promise<string | undefined>>> = {
    copyCsv: async () => {
      await navigator.clipboard.writeText(csvOfChart(data));
      return `The values of “${data.title}” are copied.`;
    },
    copyPicture: async () => {
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture() })]);
      return `The picture of “${data.title}” is copied.`;
    },
    saveCsv: async () => {
      saveFile(new Blob([csvOfChart(data)], { type: 'text/csv' }), `${fileNameOf(data.title)}.csv`);
      return undefined;
    },
    savePicture: async () => {
      saveFile(await picture(), `${fileNameOf(data.title)}.png`);
      return undefined;
    },
  };
  return (
    <MenuTrigger>
      <AriaButton className="icon-button" aria-label={`Copy or save ${data.title}`}>
        <Icon name="export" />
      </AriaButton>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" onAction={(key) => void perform(actions[String(key)]!)}>
          <MenuItem id="copyCsv" className="menu-item">
            Copy values as CSV
          </MenuItem>
          <MenuItem id="copyPicture" className="menu-item">
            Copy picture
          </MenuItem>
          <MenuItem id="saveCsv" className="menu-item">
            Save values as CSV
          </MenuItem>
          <MenuItem id="savePicture" className="menu-item">
            Save picture
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

/** Does what a menu offers, and says how it went. */
export async function perform(action: () => Promise<string | undefined>): Promise<void> {
  try {
    const message = await action();
    if (message !== undefined) notices.add({ level: 'info', message });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notices.add({
      level: 'error',
      message: `That did not work: ${reason} Saving to a file works without the clipboard.`,
    });
  }
}
