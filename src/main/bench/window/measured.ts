/*
 * What runs in the page of the window, as text: it is another program than ours, and has no types of ours. A screen counts as blank while no
 * face of it is there, in any frame that is painted.
 */

const TOOLS = `
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const list = () => document.querySelector('main [role=listbox]');
  const seen = () => {
    if (list() === null) return false;
    const box = list().getBoundingClientRect();
    return [...document.querySelectorAll('main [role=option]')].some((option) => {
      const { top, bottom } = option.getBoundingClientRect();
      return bottom > box.top && top < box.bottom;
    });
  };
  // Longest time between two frames in both of which, and in all between, nothing was seen.
  const watch = async (go) => {
    let longest = 0;
    let since = null;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        await frame();
        const now = performance.now();
        if (seen()) since = null;
        else longest = Math.max(longest, now - (since ??= now));
      }
    })();
    await go();
    const end = performance.now() + 2000;
    while (!seen() && performance.now() < end) await frame();
    isOver = true;
    await watching;
    return longest;
  };
`;

/** Clicks values of facets on and off. @returns milliseconds from each click until its faces were painted. */
export const FACET_CLICKS = `(async () => {
  ${TOOLS}
  const times = [];
  const countIn = (element) => Number(/[\\d,]+(?= image|$)/.exec(element.getAttribute('aria-label'))[0].replaceAll(',', ''));
  const shown = () => list()?.getAttribute('aria-label') + ' ' + document.querySelector('main [role=option]')?.id;
  for (let turn = 0; turn < 40; turn++) {
    // What all faces have would change nothing.
    const buttons = [...document.querySelectorAll('.facets button[aria-pressed]')].filter((one) => {
      return one.getAttribute('aria-pressed') === 'true' || countIn(one) < countIn(list());
    });
    const button = buttons.find((one) => one.getAttribute('aria-pressed') === 'true') ?? buttons[(turn * 7) % buttons.length];
    const before = shown();
    const start = performance.now();
    button.click();
    while (shown() === before || !seen()) {
      if (performance.now() - start > 10_000) throw new Error(button.getAttribute('aria-label') + ' changed nothing.');
      await frame();
    }
    await frame();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return times;
})()`;

/** Moves from the first face to the last in five seconds, and back, as one drags a scrollbar. */
export const DRAG = `(async () => {
  ${TOOLS}
  const element = list();
  const travel = element.scrollHeight - element.clientHeight;
  return await watch(async () => {
    for (const backwards of [false, true]) {
      const start = performance.now();
      for (let part = 0; part < 1; ) {
        part = Math.min(1, (performance.now() - start) / 5000);
        element.scrollTop = travel * (backwards ? 1 - part : part);
        // Between two frames, as a pointer is heard: moved within one, it would be painted before the list has heard of it.
        await new Promise((resolve) => setTimeout(resolve, 8));
      }
    }
  });
})()`;

/** Page by page, to the end, and to the beginning. */
export const KEYS = `(async () => {
  ${TOOLS}
  list().focus();
  const press = (key) => list().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  return await watch(async () => {
    for (const key of [...Array(60).fill('PageDown'), 'End', ...Array(20).fill('PageUp'), 'Home']) {
      press(key);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
})()`;
